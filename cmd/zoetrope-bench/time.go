package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/projector/measure"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// benchTime is what 'zoetrope-bench time' is asked for.
type benchTime struct {
	modes   []string
	seeds   []string
	maps    []string // NAME=FILE, made elsewhere
	set     []string // NAME=VALUE, further options
	options projector.Options
}

func timeCommand(a *app) *cobra.Command {
	b := benchTime{options: projector.Defaults()}
	b.options.NNeighbors, b.options.MinDist, b.options.NEpochs = 20, 0.01, 200
	cmd := &cobra.Command{
		Use:   "time STORE...",
		Short: "Measure how maps of recorded trainings keep time",
		Long: `Time lays out the runs of each store together, in each mode, with each seed, in a copy of the store that is gone
afterwards, and prints what 'zoetrope quality --exact' says of the maps: means over seeds, and of pmax the largest and of pmin
the smallest. GROWTH is the last silhouette over the first, that of the layer in brackets. CPU_S is the processor
time of the map without that of measuring it. Epochs are those of 'zoetrope-bench trainings', or any.

A map that was made elsewhere, --map, is an .npy file of epochs×samples×2 or 3; of several runs, all epochs of one stand
before those of the next.`,
		Example: `  zoetrope-bench time trainings/*.db
  zoetrope-bench time --mode aligned --seed 42 --map pca=pca.npy trainings/jump.db
  zoetrope-bench time --mode balanced --set epoch_negatives=1 --json trainings/recipe.db`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := b.apply(); err != nil {
				return cli.WrongUsage(cmd, err)
			}
			var all []timeResult
			for _, path := range args {
				results, err := a.benchTime(cmd.Context(), path, b)
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				all = append(all, results...)
			}
			if a.JSON {
				return a.PrintJSON(all)
			}
			return a.printTime(all)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&b.modes, "mode", projector.Modes, "how epochs meet in the neighbour graph")
	f.StringSliceVar(&b.seeds, "seed", []string{"42", "43", "44"}, "seeds of the maps, one map for each")
	f.StringArrayVar(&b.maps, "map", nil, "`NAME=FILE`, a map made elsewhere, in place of maps in all modes")
	f.StringArrayVar(&b.set, "set", nil, "`NAME=VALUE`, another option of a map, as it is named in JSON")
	return cmd
}

// apply checks what is asked for, and puts further options with the others.
func (b *benchTime) apply() error {
	for _, s := range b.set {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("--set %s: want NAME=VALUE", s)
		}
		if json.Unmarshal([]byte(value), new(any)) != nil {
			value = strconv.Quote(value)
		}
		d := json.NewDecoder(strings.NewReader(fmt.Sprintf("{%q: %s}", name, value)))
		d.DisallowUnknownFields()
		if err := d.Decode(&b.options); err != nil {
			return fmt.Errorf("--set %s: %w", s, err)
		}
	}
	for _, s := range b.seeds {
		if _, err := strconv.ParseUint(s, 10, 64); err != nil {
			return fmt.Errorf("--seed %s: want a whole number, 0 or more", s)
		}
	}
	for _, m := range b.maps {
		if !strings.Contains(m, "=") {
			return fmt.Errorf("--map %s: want NAME=FILE", m)
		}
	}
	for _, mode := range b.modes {
		o := b.options
		o.Mode = mode
		if err := o.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// timeResult is one row of the table, as JSON.
type timeResult struct {
	Training string            `json:"training"`
	Map      string            `json:"map"`
	CPU      *float64          `json:"cpu_seconds"` // mean; null for a map made elsewhere
	Seeds    []*measure.Report `json:"seeds"`       // what was measured with each seed
}

// benchTime measures all maps of one store.
func (a *app) benchTime(ctx context.Context, path string, b benchTime) (results []timeResult, err error) {
	dir, err := os.MkdirTemp("", "zoetrope-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := copied(ctx, path, filepath.Join(dir, "time.db"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	runs, err := store.Runs(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	training := strings.TrimSuffix(filepath.Base(path), ".db")
	for _, m := range b.maps {
		name, file, _ := strings.Cut(m, "=")
		report, err := measureFile(ctx, store, ids, file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		results = append(results, timeResult{Training: training, Map: name, Seeds: []*measure.Report{report}})
	}
	if len(b.maps) > 0 {
		return results, nil
	}
	for _, mode := range b.modes {
		r, err := a.timeMode(ctx, store, ids, mode, b)
		if err != nil {
			return nil, err
		}
		r.Training = training
		results = append(results, r)
	}
	return results, nil
}

// copied opens a copy of a store.
func copied(ctx context.Context, path, to string) (*tracker.Store, error) {
	store, err := tracker.Open(ctx, path, tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(store.Backup(ctx, to, nil), store.Close()); err != nil {
		return nil, err
	}
	return tracker.Open(ctx, to, tracker.OpenOptions{})
}

// timeMode makes and measures a map for each seed.
func (a *app) timeMode(ctx context.Context, store *tracker.Store, runs []string, mode string, b benchTime) (timeResult, error) {
	r := timeResult{Map: mode}
	meter := a.NewMeter()
	defer meter.Close()
	var cpu float64
	for _, s := range b.seeds {
		o := b.options
		o.Mode = mode
		o.Seed, _ = strconv.ParseUint(s, 10, 64) // apply has looked at it
		costs := newCosts()
		p, err := projector.Project(ctx, store, runs, o, func(stage string, done, total int) {
			costs.enter(stage)
			meter.Show(mode+": "+stage, done, total)
		})
		if err != nil {
			return r, err
		}
		for _, c := range costs.end() {
			if c.Stage != "quality" {
				cpu += c.CPU / float64(len(b.seeds))
			}
		}
		q, err := p.ExactQuality(ctx)
		if err != nil {
			return r, err
		}
		r.Seeds = append(r.Seeds, &q.Report)
		if err := projector.Delete(ctx, store, p.Info().ID); err != nil {
			return r, err
		}
	}
	r.CPU = &cpu
	return r, nil
}

// printTime prints the table.
func (a *app) printTime(all []timeResult) error {
	t := cli.NewTable(a.Stdout)
	t.Row("TRAINING", "MAP", "TRUST_EPOCH", "OWN15", "KNN15", "SIL_CORR", "GROWTH", "MOTION", "MOTION_IN", "PMAX", "PMIN", "PEARSON", "FLY", "STILL", "DUST", "CPU_S")
	for _, r := range all {
		mean := func(digits int, of func(*measure.Report) *float64) string {
			return written(digits, r.values(of), sample.mean)
		}
		t.Row(r.Training, r.Map,
			mean(4, func(m *measure.Report) *float64 { return m.TrustEpoch }),
			mean(3, func(m *measure.Report) *float64 { return m.Own15 }),
			mean(3, func(m *measure.Report) *float64 { return m.KNN15 }),
			mean(3, func(m *measure.Report) *float64 { return m.SilCorr }),
			r.growth(),
			mean(2, func(m *measure.Report) *float64 { return m.Motion }),
			mean(2, func(m *measure.Report) *float64 { return m.MotionIn }),
			written(2, r.values(func(m *measure.Report) *float64 { return m.PMax }), sample.max),
			written(2, r.values(func(m *measure.Report) *float64 { return m.PMin }), sample.min),
			mean(3, func(m *measure.Report) *float64 { return m.Pearson }),
			mean(4, func(m *measure.Report) *float64 { return m.Fly }),
			mean(4, func(m *measure.Report) *float64 { return m.Still }),
			mean(4, func(m *measure.Report) *float64 { return m.Dust }),
			written(1, definedOf(r.CPU), sample.mean))
	}
	return t.Flush()
}

// values returns a measure with each seed, where it is defined.
func (r timeResult) values(of func(*measure.Report) *float64) (v sample) {
	for _, m := range r.Seeds {
		v = append(v, definedOf(of(m))...)
	}
	return v
}

func definedOf(p *float64) sample {
	if p == nil {
		return nil
	}
	return sample{*p}
}

// written writes one figure of some, nothing if there are none.
func written(digits int, v sample, f func(sample) float64) string {
	if len(v) == 0 {
		return ""
	}
	return strconv.FormatFloat(f(v), 'f', digits, 64)
}

// growth is how much larger the last silhouette is than the first, on the map and in the layer.
func (r timeResult) growth() string {
	ratio := func(last, first sample) string {
		if len(first) == 0 || len(last) == 0 {
			return ""
		}
		return fmt.Sprintf("%.2f", last.mean()/first.mean())
	}
	laid := ratio(r.values(func(m *measure.Report) *float64 { return m.SilLast }), r.values(func(m *measure.Report) *float64 { return m.SilFirst }))
	if laid == "" {
		return ""
	}
	layer := ratio(r.values(func(m *measure.Report) *float64 { return m.SilXLast }), r.values(func(m *measure.Report) *float64 { return m.SilXFirst }))
	return laid + " (" + layer + ")"
}
