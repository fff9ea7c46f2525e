package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/internal/usage"
	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/train"
)

// benchTrain holds the flags of 'zoetrope-bench train'.
type benchTrain struct {
	steps    int
	fastOnly bool
	profile  string // file; "" = none
}

// A round takes steps of the fast path, the first of which warm caches and pools of memory and are not
// counted, then one step of stock operations.
const warmSteps, roundSteps = 4, 10

func trainCommand(a *app) *cobra.Command {
	var o benchTrain
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Measure a training step, beside Gorgonia's own operations",
		Long: fmt.Sprintf(`Train measures the training step of examples/mnist: %d images through the network, forward and backward, and
the optimiser, with the next batch prepared beside it. The images are noise. The fast path takes turns with the
same network made of Gorgonia's own operations: %d steps of the one, then one of the other.

GFLOP/s are those of the direct method, %.2f GFLOP a step (2 for each weight at each place where it is used,
for the result and for both gradients; the images need none), divided by the time on the clock: a faster method
shows as more. Peak RSS is the process's before the first stock step.

With --json: cpu_ms, wall_ms and alloc_bytes are minima over steps, medians stand beside them.`,
			train.Defaults().Batch, roundSteps, train.FLOPs(train.Defaults().Batch)/1e9),
		Example: `  zoetrope-bench train
  zoetrope-bench train --steps 200 --json | jq '.stock.cpu_ms / .fast.cpu_ms'
  zoetrope-bench train --fast-only --steps 500 --cpuprofile cpu.pprof && go tool pprof -top cpu.pprof`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.steps < 1 {
				return cli.Usagef(cmd, "--steps %d: want 1 or more", o.steps)
			}
			r, err := a.benchTrain(cmd.Context(), o)
			if err != nil {
				return err
			}
			if a.JSON {
				return a.PrintJSON(r)
			}
			return a.printTrainBench(r)
		},
	}
	cmd.Flags().IntVar(&o.steps, "steps", 60, "steps of the fast path; stock operations take a tenth as many, at least 3")
	cmd.Flags().BoolVar(&o.fastOnly, "fast-only", false, "leave stock operations out")
	cmd.Flags().StringVar(&o.profile, "cpuprofile", "", "write a profile of the measured steps to a `file`, for go tool pprof")
	return cmd
}

// trainResult is the measurement as JSON.
type trainResult struct {
	Fast    *stepResult `json:"fast"`
	Stock   *stepResult `json:"stock"` // null if left out
	Level   string      `json:"level"`
	CPUs    int         `json:"cpus"`
	Batch   int         `json:"batch"`
	FLOPs   float64     `json:"flops"` // of a step, by the direct method
	PeakRSS int64       `json:"peak_rss_bytes"`
}

// stepResult is the cost of a step: minima, except for the medians.
type stepResult struct {
	CPU        float64 `json:"cpu_ms"`
	Wall       float64 `json:"wall_ms"`
	GFLOPs     float64 `json:"gflops"` // a second, at that wall time
	Alloc      float64 `json:"alloc_bytes"`
	CPUMedian  float64 `json:"cpu_ms_median"`
	WallMedian float64 `json:"wall_ms_median"`
	Steps      int     `json:"steps"`
}

// benchTrain measures both ways of training, alternately.
func (a *app) benchTrain(ctx context.Context, o benchTrain) (r *trainResult, err error) {
	batch := train.Defaults().Batch
	r = &trainResult{Level: vec.CPU().String(), CPUs: runtime.GOMAXPROCS(0), Batch: batch, FLOPs: train.FLOPs(batch)}
	size := min(o.steps, roundSteps)
	rounds := (o.steps + size - 1) / size
	fast, err := newStepper(train.New, warmSteps, size)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fast.model.Close()) }()
	if err := fast.warmUp(ctx); err != nil {
		return nil, err
	}
	r.PeakRSS = usage.PeakRSS()
	var stock *stepper
	if !o.fastOnly {
		rounds = max(rounds, 3)
		if stock, err = newStepper(train.NewStock, 0, 1); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, stock.model.Close()) }()
		if err := stock.warmUp(ctx); err != nil {
			return nil, err
		}
	}
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return nil, err
		}
		defer pprof.StopCPUProfile()
	}
	m := a.NewMeter()
	defer m.Close()
	for i := range rounds {
		m.Show("rounds", i, rounds)
		if err := fast.round(ctx); err != nil {
			return nil, err
		}
		if stock == nil {
			continue
		}
		if err := stock.round(ctx); err != nil {
			return nil, err
		}
		runtime.GC() // otherwise the fast path pays for the garbage of stock operations
	}
	r.Fast = fast.result(batch)
	if stock != nil {
		r.Stock = stock.result(batch)
	} else {
		r.PeakRSS = usage.PeakRSS()
	}
	return r, nil
}

func (a *app) printTrainBench(r *trainResult) error {
	t := cli.NewTable(a.Stdout)
	t.Row(fmt.Sprintf("STEP OF %d", r.Batch), "CPU_MS", "(MEDIAN)", "WALL_MS", "(MEDIAN)", "GFLOP/S", "ALLOCATED", "STEPS")
	row := func(name string, s *stepResult) {
		t.Row(name, fmt.Sprintf("%.2f", s.CPU), fmt.Sprintf("%.2f", s.CPUMedian), fmt.Sprintf("%.2f", s.Wall), fmt.Sprintf("%.2f", s.WallMedian),
			fmt.Sprintf("%.0f", s.GFLOPs), fmt.Sprintf("%.1f kB", s.Alloc/1e3), s.Steps)
	}
	row("fast", r.Fast)
	if r.Stock != nil {
		row("stock", r.Stock)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.Stock != nil {
		fmt.Fprintf(a.Stdout, "\nStock operations take %.1f times the processor time.\n", r.Stock.CPU/r.Fast.CPU)
	}
	_, err := fmt.Fprintf(a.Stdout, "%s kernels on %s; peak RSS of the fast path %.0f MB.\n", r.Level, cli.Plural(r.CPUs, "CPU"), float64(r.PeakRSS)/1e6)
	return err
}
