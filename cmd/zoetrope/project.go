package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// projected is a new projection with its measures, as JSON.
type projected struct {
	projector.Info
	Quality *projector.Quality `json:"quality"`
}

func projectCommand(a *app) *cobra.Command {
	var runs []string
	o := projector.Defaults()
	cmd := &cobra.Command{
		Use:   "project",
		Short: "Lay the epochs of one or more runs out on one map",
		Long: `Project lays all epochs of a layer out jointly on one map, stores the map beside the runs, and measures
how far it can be trusted. The same seed gives the same coordinates, bit for bit, for any number of workers.`,
		Example: `  zoetrope project
  zoetrope project --run reference --n-neighbors 20 --min-dist 0.01 --n-epochs 200
  zoetrope project --run seed1,seed2 --layer fc1 --dims 3 --metric cosine
  zoetrope project --json | jq .seconds`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Validate(); err != nil {
				return wrongUsage(cmd, err) // before the store is opened
			}
			return a.with(cmd, tracker.OpenOptions{}, func(ctx context.Context, store *tracker.Store) error {
				err := a.project(ctx, store, runs, o)
				if errors.Is(err, projector.ErrOptions) {
					return wrongUsage(cmd, err)
				}
				return err
			})
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&runs, "run", nil, "the runs, by name, experiment/name or id, separated by commas (default the newest)")
	f.StringVar(&o.Layer, "layer", o.Layer, "the layer (default the only one)")
	f.StringVar(&o.Method, "method", o.Method, "the algorithm: "+strings.Join(projector.Methods, ", "))
	f.StringVar(&o.Mode, "mode", o.Mode, "how epochs meet in the neighbour graph: "+strings.Join(projector.Modes, ", "))
	f.IntVar(&o.NNeighbors, "n-neighbors", o.NNeighbors, "the size of a neighbourhood, counting the point itself: 2 or more")
	f.Float64Var(&o.MinDist, "min-dist", o.MinDist, "how close points may lie on the map: 0 to 1")
	f.IntVar(&o.NEpochs, "n-epochs", o.NEpochs, "UMAP's passes over the graph; 0 chooses by the number of points")
	f.IntVar(&o.Dims, "dims", o.Dims, "the dimensions of the map: 2 or 3")
	f.StringVar(&o.Metric, "metric", o.Metric, "the distance in the original space: "+strings.Join(projector.Metrics, ", "))
	f.Uint64Var(&o.Seed, "seed", o.Seed, "the seed of all random choices")
	f.IntVar(&o.Workers, "workers", o.Workers, "goroutines; 0 is one for each processor")
	return cmd
}

func (a *app) project(ctx context.Context, store *tracker.Store, names []string, o projector.Options) error {
	if len(names) == 0 {
		names = []string{""}
	}
	var ids, titles []string
	for _, name := range names {
		run, err := a.findRun(ctx, store, strings.TrimSpace(name))
		if err != nil {
			return err
		}
		ids, titles = append(ids, run.ID), append(titles, run.Experiment+"/"+run.Name)
	}
	meter := a.newMeter()
	defer meter.close()
	p, err := projector.Project(ctx, store, ids, o, meter.show)
	if err != nil {
		return err
	}
	q, err := p.Quality(ctx)
	meter.close()
	info := p.Info()
	if err != nil {
		return fmt.Errorf("the map is stored as projection %s, but it could not be measured: %w", info.ID, err)
	}
	if a.json {
		return a.printJSON(projected{info, q})
	}
	if err := a.printProjection(info, titles); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout)
	return a.printQuality(q)
}

func (a *app) printProjection(i projector.Info, runs []string) error {
	t := newTable(a.stdout)
	t.row("projection", i.ID)
	t.row("runs", strings.Join(runs, ", "))
	t.row("layer", i.Layer)
	t.row("method", i.Choice())
	t.row("mode", i.Mode)
	t.row("points", fmt.Sprintf("%d in %d dimensions", i.Points, i.Dims))
	var stages []string
	for _, s := range i.Stages {
		stages = append(stages, fmt.Sprintf("%s %.2f", s.Name, s.Seconds))
	}
	t.row("seconds", fmt.Sprintf("%.2f (%s)", i.Seconds, strings.Join(stages, ", ")))
	t.row("peak memory", fmt.Sprintf("%d MiB", i.PeakRSS>>20))
	return t.flush()
}
