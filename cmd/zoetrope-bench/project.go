package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// benchProject holds the flags of 'zoetrope-bench project'.
type benchProject struct {
	path    string // embeddings; "" = generated
	shape   shape  // of generated embeddings
	rounds  int
	options projector.Options
}

func projectCommand(a *app) *cobra.Command {
	o := benchProject{shape: shape{20, 2000, 128}, options: projector.Defaults()}
	o.options.Mode = "joint" // the mode in which other implementations are compared
	u := &o.options
	u.NNeighbors, u.MinDist, u.NEpochs = 20, 0.01, 200
	cmd := &cobra.Command{
		Use:   "project",
		Short: "Measure a projection, stage by stage",
		Long: `Project lays embeddings out on one map, as 'zoetrope project' does, in a store of its own that is gone afterwards, and
prints the cost of each stage: wall time and processor time in seconds, and the peak memory of the process by its end.
With --rounds, the round with the least wall time counts.

The embeddings come from a file, or are generated: 10 classes that move apart over the epochs, in noise. The settings are
those of the scripts in bench/peers for other implementations, including mode joint.`,
		Example: `  zoetrope-bench project
  zoetrope-bench project --embeddings embeddings.npy --rounds 3 --workers 1
  zoetrope-bench project --mode balanced --shape 5x1000x64 --json | jq .wall_seconds`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.rounds < 1 {
				return cli.Usagef(cmd, "--rounds %d: want 1 or more", o.rounds)
			}
			if err := u.Validate(); err != nil {
				return cli.WrongUsage(cmd, err)
			}
			r, err := a.benchProject(cmd.Context(), o)
			if err != nil {
				return err
			}
			if a.JSON {
				return a.PrintJSON(r)
			}
			return a.printProjectBench(r)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.path, "embeddings", "", "an .npy `file` of E×n×d or n×d (default made up)")
	f.Var(&o.shape, "shape", "epochs, samples and columns of generated embeddings")
	f.IntVar(&o.rounds, "rounds", 1, "how often to measure")
	cli.SettingFlags(f, u, "mode", "n_neighbors", "min_dist", "n_epochs", "metric", "seed", "workers")
	return cmd
}

// projectResult is the measurement as JSON.
type projectResult struct {
	Data    string      `json:"data"`
	Epochs  int         `json:"epochs"`
	Samples int         `json:"samples"`
	Dim     int         `json:"dim"`
	Mode    string      `json:"mode"`
	Level   string      `json:"level"`
	CPUs    int         `json:"cpus"`
	Workers int         `json:"workers"`
	Wall    float64     `json:"wall_seconds"`
	CPU     float64     `json:"cpu_seconds"`
	PeakRSS int64       `json:"peak_rss_bytes"`
	Stages  []stageCost `json:"stages"`
	Rounds  []float64   `json:"rounds_wall_seconds"`
}

func (a *app) benchProject(ctx context.Context, o benchProject) (r *projectResult, err error) {
	r = &projectResult{
		Data: "made up", Epochs: o.shape.epochs, Samples: o.shape.samples, Dim: o.shape.dim,
		Mode: o.options.Mode, Level: vec.CPU().String(), CPUs: runtime.GOMAXPROCS(0), Workers: vec.Workers(o.options.Workers),
	}
	dir, err := os.MkdirTemp("", "zoetrope-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := tracker.Open(ctx, filepath.Join(dir, "bench.db"), tracker.OpenOptions{Create: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	meter := a.NewMeter()
	defer meter.Close()
	if err := a.fillBench(ctx, store, o, r, meter); err != nil {
		return nil, err
	}
	for range o.rounds {
		costs := newCosts()
		p, err := projector.Project(ctx, store, nil, o.options, func(stage string, done, total int) {
			costs.enter(stage)
			meter.Show(stage, done, total)
		})
		if err != nil {
			return nil, err
		}
		stages := costs.end()
		all := total(stages)
		if r.Stages == nil || all.Wall < r.Wall {
			r.Stages, r.Wall, r.CPU = stages, all.Wall, all.CPU
		}
		r.Rounds, r.PeakRSS = append(r.Rounds, all.Wall), all.PeakRSS
		if err := projector.Delete(ctx, store, p.Info().ID); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// fillBench logs the embeddings to measure, and describes them in r.
func (a *app) fillBench(ctx context.Context, store *tracker.Store, o benchProject, r *projectResult, meter *cli.Meter) error {
	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "bench", Name: "project"})
	if err != nil {
		return err
	}
	if o.path == "" {
		if err := logMadeUp(ctx, run, o.shape, o.options.Seed, meter); err != nil {
			return err
		}
		return run.Finish(ctx)
	}
	in, err := interchange.Open(ctx, o.path, interchange.Options{})
	if err != nil {
		return err
	}
	defer in.Close()
	if err := logFile(ctx, run, in, meter); err != nil {
		return fmt.Errorf("%s: %w", o.path, err)
	}
	info, err := store.Run(ctx, run.ID())
	if err != nil {
		return err
	}
	frames, err := store.Frames(ctx, run.ID())
	if err != nil {
		return err
	}
	if len(frames) == 0 {
		return fmt.Errorf("%s has no vectors", o.path)
	}
	r.Data, r.Epochs, r.Samples, r.Dim = o.path, info.Epochs, in.Samples.Count, frames[0].Dim
	return run.Finish(ctx)
}

// logFile logs the embeddings of a file. Where the file does not number its epochs, they are counted from 1.
func logFile(ctx context.Context, run *tracker.Run, in *interchange.Dataset, meter *cli.Meter) error {
	samples := make([]tracker.Sample, in.Samples.Count)
	for i := range samples {
		samples[i].ID = strconv.Itoa(i)
		if in.Samples.IDs != nil {
			samples[i].ID = in.Samples.IDs[i]
		}
		if in.Samples.Labels != nil {
			samples[i].Label = in.Samples.Labels[i]
		}
	}
	if err := run.AddSamples(ctx, samples); err != nil {
		return err
	}
	done := 0
	for e, err := range in.Epochs(ctx) {
		if err != nil {
			return err
		}
		meter.Show("importing epochs", done, in.Count)
		epoch := tracker.Epoch{Number: e.Number}
		if !in.Numbered {
			epoch.Number++
		}
		for _, l := range e.Layers[:min(1, len(e.Layers))] {
			ids := make([]string, 0, len(l.Rows))
			for _, row := range l.Rows {
				ids = append(ids, samples[row].ID)
			}
			if l.Rows == nil {
				ids = nil
			}
			epoch.Layers = append(epoch.Layers, tracker.Layer{Name: "embedding", Dim: l.Dim, Vectors: l.Data, IDs: ids})
		}
		if err := run.Log(ctx, epoch); err != nil {
			return err
		}
		done++
	}
	return nil
}

func (a *app) printProjectBench(r *projectResult) error {
	t := cli.NewTable(a.Stdout)
	t.Row("STAGE", "WALL_S", "SHARE", "CPU_S", "PEAK_RSS_MB")
	row := func(s stageCost) {
		t.Row(s.Stage, fmt.Sprintf("%.3f", s.Wall), fmt.Sprintf("%.0f %%", 100*s.Wall/r.Wall), fmt.Sprintf("%.3f", s.CPU), fmt.Sprintf("%.0f", float64(s.PeakRSS)/1e6))
	}
	for _, s := range r.Stages {
		row(s)
	}
	row(stageCost{"all", r.Wall, r.CPU, r.PeakRSS})
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.Stdout, "\n%s: %d×%d×%d, mode %s; %s kernels, %s on %s.\n",
		r.Data, r.Epochs, r.Samples, r.Dim, r.Mode, r.Level, cli.Plural(r.Workers, "worker"), cli.Plural(r.CPUs, "CPU"))
	return err
}
