package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// benchLog holds the flags of 'zoetrope-bench log'.
type benchLog struct {
	epochs, samples, dim int
	dir                  string
	postgres             string // URL; "" = none
	profile              string // file; "" = none

	writers, readers int
	seconds          float64
	role             string // of a process that the stress form has started
	run              string
}

func logCommand(a *app) *cobra.Command {
	var o benchLog
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Measure tracker.Log, beside a plain file that is written and synced",
		Long: `Log measures how long tracker.Log takes until an epoch is durable, with and without outputs, in a new store.
It alternates with a plain file, to which the same number of bytes is appended and synced with fsync, and with a store
in PostgreSQL if --postgres names one. --dir chooses the disk; the files made there are removed. MB/s counts the bytes of
the vectors, over all epochs.

With --writers and --readers it is a stress test instead: for --seconds, writers log to one store, each its own run, and
readers read these runs; at the end every acknowledged epoch must be there. Any error of any process, such as "database is
locked", makes it fail.`,
		Example: `  zoetrope-bench log
  zoetrope-bench log --json --dir /mnt/disk | jq .log.mb_per_s
  zoetrope-bench log --writers 8 --readers 4 --seconds 60
  zoetrope-bench log --postgres postgres://zoetrope@localhost/zoetrope`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.epochs < 1 || o.samples < 1 || o.dim < 2 || o.writers < 0 || o.readers < 0 || o.seconds <= 0 {
				return cli.Usagef(cmd, "--epochs %d, --samples %d, --dim %d, --writers %d, --readers %d, --seconds %v: want 1 or more, 2 or more columns",
					o.epochs, o.samples, o.dim, o.writers, o.readers, o.seconds)
			}
			switch {
			case o.role != "":
				return a.stressRole(cmd.Context(), o)
			case o.writers > 0:
				if !cmd.Flags().Changed("samples") && !cmd.Flags().Changed("dim") {
					o.samples, o.dim = 500, 64 // so that every process gets its turn often
				}
				return a.benchStress(cmd.Context(), o)
			case o.readers > 0:
				return cli.Usagef(cmd, "--readers without --writers has nothing to read")
			}
			return a.benchLog(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.epochs, "epochs", 200, "epochs to log")
	f.IntVar(&o.samples, "samples", 2000, "rows of an epoch; 500 with --writers")
	f.IntVar(&o.dim, "dim", 128, "columns of an epoch; 64 with --writers")
	f.StringVar(&o.dir, "dir", ".", "the `folder` in which to make the stores and the file")
	f.StringVar(&o.postgres, "postgres", "", "the `URL` of a PostgreSQL database to measure, too")
	f.StringVar(&o.profile, "cpuprofile", "", "write a profile to a `file`, for go tool pprof")
	f.IntVar(&o.writers, "writers", 0, "processes that log")
	f.IntVar(&o.readers, "readers", 0, "processes that read")
	f.Float64Var(&o.seconds, "seconds", 60, "how long they run")
	f.StringVar(&o.role, "role", "", "")
	f.StringVar(&o.run, "run", "", "")
	for _, hidden := range []string{"role", "run"} {
		cmd.Flags().MarkHidden(hidden)
	}
	return cmd
}

// logResult is the measurement as JSON.
type logResult struct {
	Samples  int          `json:"samples"`
	Dim      int          `json:"dim"`
	Epochs   int          `json:"epochs"`
	Log      *logLatency  `json:"log"`
	Outputs  *logLatency  `json:"log_with_outputs"`
	File     *logLatency  `json:"file"`
	Postgres *logLatency  `json:"postgres"` // null if not asked for
	each     []*logSeries // in the order of printing
}

// logLatency is the time from Log until the epoch is durable.
type logLatency struct {
	Rate float64 `json:"mb_per_s"`
	Min  float64 `json:"min_ms"`
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
	Max  float64 `json:"max_ms"`
}

// A logSeries is one way of keeping an epoch, measured again and again.
type logSeries struct {
	name  string
	keep  func(epoch int, vectors []float32) error
	took  sample // ms
	bytes int
}

func (s *logSeries) latency() *logLatency {
	sorted, sum := slices.Sorted(slices.Values(s.took)), 0.0
	for _, t := range sorted {
		sum += t
	}
	at := func(share float64) float64 { return sorted[int(math.Ceil(share*float64(len(sorted))))-1] }
	return &logLatency{Rate: float64(s.bytes) * float64(len(sorted)) / sum / 1e3, Min: sorted[0], P50: at(0.5), P99: at(0.99), Max: sorted[len(sorted)-1]}
}

func (a *app) benchLog(ctx context.Context, o benchLog) (err error) {
	dir, err := os.MkdirTemp(o.dir, "zoetrope-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var closers []func() error
	defer func() {
		for _, c := range closers {
			err = errors.Join(err, c())
		}
	}()
	start := func(address string, outputs *tracker.Outputs) (func(int, []float32) error, error) {
		run, end, err := benchRun(ctx, address, o)
		if err != nil {
			return nil, err
		}
		closers = append(closers, end)
		return func(epoch int, vectors []float32) error {
			return run.Log(ctx, tracker.Epoch{Number: epoch, Step: epoch, Layers: []tracker.Layer{{Name: "fc1", Dim: o.dim, Vectors: vectors}},
				Outputs: outputs, Metrics: tracker.Metrics{"loss": 1 / float64(epoch)}})
		}, nil
	}
	outputs := &tracker.Outputs{Predictions: make([]string, o.samples), Losses: make([]float64, o.samples), Confidences: make([]float64, o.samples)}
	for i := range o.samples {
		outputs.Predictions[i], outputs.Losses[i], outputs.Confidences[i] = fmt.Sprint(i%10), rand.Float64(), rand.Float64()
	}
	file, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		return err
	}
	closers = append(closers, file.Close)
	bytes := make([]byte, 4*o.samples*o.dim)
	series := []*logSeries{{name: "Log"}, {name: "Log with outputs"}, {name: "plain file, fsync", keep: func(_ int, vectors []float32) error {
		for i, v := range vectors {
			binary.LittleEndian.PutUint32(bytes[4*i:], math.Float32bits(v))
		}
		if _, err := file.Write(bytes); err != nil {
			return err
		}
		return file.Sync()
	}}}
	if series[0].keep, err = start(filepath.Join(dir, "log.db"), nil); err != nil {
		return err
	}
	if series[1].keep, err = start(filepath.Join(dir, "outputs.db"), outputs); err != nil {
		return err
	}
	if o.postgres != "" {
		s := &logSeries{name: "Log, PostgreSQL"}
		if s.keep, err = start(o.postgres, nil); err != nil {
			return err
		}
		series = append(series, s)
	}
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		closers = append(closers, f.Close)
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if err := a.takeTurns(ctx, series, o); err != nil {
		return err
	}
	r := &logResult{Samples: o.samples, Dim: o.dim, Epochs: o.epochs, each: series,
		Log: series[0].latency(), Outputs: series[1].latency(), File: series[2].latency()}
	if o.postgres != "" {
		r.Postgres = series[3].latency()
	}
	if a.JSON {
		return a.PrintJSON(r)
	}
	return a.printLogBench(r)
}

// takeTurns stores each epoch in every way; the way that goes first rotates.
func (a *app) takeTurns(ctx context.Context, series []*logSeries, o benchLog) error {
	m := a.NewMeter()
	defer m.Close()
	vectors := make([]float32, o.samples*o.dim)
	for epoch := 1; epoch <= o.epochs; epoch++ {
		m.Show("epochs", epoch, o.epochs)
		for i := range vectors {
			vectors[i] = rand.Float32()
		}
		for i := range series {
			if err := ctx.Err(); err != nil {
				return err
			}
			s := series[(i+epoch)%len(series)]
			begun := time.Now()
			if err := s.keep(epoch, vectors); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			s.took = append(s.took, float64(time.Since(begun))/1e6)
			s.bytes = 4 * len(vectors)
		}
	}
	return nil
}

// benchRun starts a run with samples. end removes the run, which matters in a store that stays.
func benchRun(ctx context.Context, address string, o benchLog) (run *tracker.Run, end func() error, err error) {
	store, err := tracker.Open(ctx, address, tracker.OpenOptions{Create: true})
	if err != nil {
		return nil, nil, err
	}
	run, err = store.Start(ctx, tracker.RunConfig{Experiment: "zoetrope-bench", Name: o.run})
	if err == nil {
		err = run.AddSamples(ctx, benchSamples(o.samples))
	}
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return run, func() error {
		ctx := context.WithoutCancel(ctx)
		return errors.Join(run.Finish(ctx), store.RemoveRun(ctx, run.ID()), store.Close())
	}, nil
}

func benchSamples(n int) []tracker.Sample {
	list := make([]tracker.Sample, n)
	for i := range list {
		list[i] = tracker.Sample{ID: fmt.Sprint(i), Label: fmt.Sprint(i % 10)}
	}
	return list
}

func (a *app) printLogBench(r *logResult) error {
	t := cli.NewTable(a.Stdout)
	t.Row(fmt.Sprintf("%d×%d", r.Samples, r.Dim), "MB/S", "MIN_MS", "P50_MS", "P99_MS", "MAX_MS")
	for _, s := range r.each {
		l := s.latency()
		t.Row(s.name, fmt.Sprintf("%.0f", l.Rate), fmt.Sprintf("%.2f", l.Min), fmt.Sprintf("%.2f", l.P50), fmt.Sprintf("%.2f", l.P99), fmt.Sprintf("%.2f", l.Max))
	}
	return t.Flush()
}
