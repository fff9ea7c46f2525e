package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/internal/epochs"
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
how far it can be trusted. The same seed gives the same coordinates, bit for bit, for any number of workers.

A long training need not be laid out whole: --epochs chooses epochs, and --samples and --max-points choose samples: those
whose ids have the lowest SHA-256. The choice depends on the ids only, so two runs with the same samples show the same
ones. A map keeps its choice when it is extended or fitted again.

The subcommands work on an existing map: they add epochs that were logged since, fit it again, or place
further vectors on it.`,
		Example: `  zoetrope project
  zoetrope project --run reference --n-neighbors 20 --min-dist 0.01 --n-epochs 200
  zoetrope project --run seed1,seed2 --layer fc1 --dims 3 --metric cosine
  zoetrope project --mode joint --init spectral --scale standardize --pca 50
  zoetrope project --epochs 0-900:50 --max-points 100000
  zoetrope project --json | jq .seconds`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, path := o, ""
			if strings.HasSuffix(o.Init, ".npy") {
				o.Init, path = "", o.Init
			}
			if err := o.Validate(); err != nil {
				return cli.WrongUsage(cmd, err) // before the store is opened
			}
			return a.with(cmd, tracker.OpenOptions{}, func(ctx context.Context, store *tracker.Store) error {
				err := a.project(ctx, store, runs, path, o)
				if errors.Is(err, projector.ErrOptions) {
					return cli.WrongUsage(cmd, err)
				}
				return err
			})
		},
	}
	cmd.Flags().StringArrayVar(&runs, "run", nil, "a run, by name, experiment/name or id; given several times, or as a list separated by commas, several. "+
		"The whole is taken for one name if there is such a run; in a list, a name with a comma stands in double quotes (default the newest)")
	cli.SettingFlags(cmd.Flags(), &o)
	cmd.Flags().Lookup("init").Usage += "; or an .npy file of places, E×n×dims"
	cmd.AddCommand(extendCommand(a), refitCommand(a), transformCommand(a))
	return cmd
}

// project makes a map, starting from the coordinates in the .npy file at path unless path is empty.
func (a *app) project(ctx context.Context, store *tracker.Store, names []string, path string, o projector.Options) error {
	ids, err := a.findRuns(ctx, store, names)
	if err != nil {
		return err
	}
	var start []projector.Coordinates
	if path != "" {
		if start, err = readPlaces(ctx, store, ids, path, o); err != nil {
			return err
		}
	}
	meter := a.NewMeter()
	defer meter.Close()
	p, err := projector.ProjectFrom(ctx, store, ids, o, start, meter.Show)
	if err != nil {
		return err
	}
	return a.printMap(ctx, store, p, meter)
}

// readPlaces reads the start of a run's points from a file like those of 'zoetrope points --format npy'.
func readPlaces(ctx context.Context, store *tracker.Store, runs []string, path string, o projector.Options) ([]projector.Coordinates, error) {
	if len(runs) > 1 {
		return nil, fmt.Errorf("%w: an array of places is of one run, and %d are to be laid out", projector.ErrOptions, len(runs))
	}
	m, err := interchange.OpenMatrix(path)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	frames, err := store.Frames(ctx, runs[0])
	if err != nil {
		return nil, err
	}
	var had []int
	for _, f := range frames {
		if (o.Layer == "" || f.Layer == o.Layer) && !slices.Contains(had, f.Epoch) {
			had = append(had, f.Epoch)
		}
	}
	slices.Sort(had)
	list, err := epochs.Parse(o.Epochs)
	if err != nil {
		return nil, err
	}
	chosen := list.Of(had)
	if m.Epochs != len(chosen) || m.Dim != o.Dims {
		return nil, fmt.Errorf("%w: %s holds %s of %d dimensions, want places for %s in %d", projector.ErrOptions,
			path, cli.Plural(m.Epochs, "epoch"), m.Dim, cli.Plural(len(chosen), "epoch"), o.Dims)
	}
	var start []projector.Coordinates
	for _, epoch := range chosen {
		places, err := m.Next()
		if err != nil {
			return nil, err
		}
		start = append(start, projector.Coordinates{Epoch: epoch, Coordinates: slices.Clone(places)})
	}
	return start, nil
}

// printMap prints a map that was made or has changed, with its measures.
func (a *app) printMap(ctx context.Context, store *tracker.Store, p *projector.Projection, meter *cli.Meter) error {
	info := p.Info()
	q, err := p.Quality(ctx)
	meter.Close()
	if err != nil {
		return fmt.Errorf("the map is stored as projection %s, but it could not be measured: %w", info.ID, err)
	}
	titles, err := titlesOf(ctx, store, info.Runs)
	if err != nil {
		return err
	}
	a.tellSameness(info, q, titles)
	if a.JSON {
		return a.PrintJSON(projected{info, q})
	}
	if err := a.printProjection(info, titles); err != nil {
		return err
	}
	fmt.Fprintln(a.Stdout)
	return a.printQuality(ctx, store, q)
}

func (a *app) printProjection(i projector.Info, runs []string) error {
	t := cli.NewTable(a.Stdout)
	t.Row("projection", i.ID)
	t.Row("runs", strings.Join(runs, ", "))
	t.Row("layer", i.Layer)
	t.Row("method", i.Choice())
	t.Row("mode", i.Mode)
	if c := i.Options.Chosen(); c != "" {
		t.Row("chosen", c)
	}
	t.Row("points", fmt.Sprintf("%d in %d dimensions", i.Points, i.Dims))
	if i.Revision > 1 {
		t.Row("revision", fmt.Sprintf("%d, with %s placed since the last fit", i.Revision, cli.Plural(i.Extended, "point")))
	}
	var stages []string
	for _, s := range i.Stages {
		stages = append(stages, fmt.Sprintf("%s %.2f", s.Name, s.Seconds))
	}
	t.Row("seconds", fmt.Sprintf("%.2f (%s)", i.Seconds, strings.Join(stages, ", ")))
	t.Row("peak memory", fmt.Sprintf("%d MiB", i.PeakRSS>>20))
	return t.Flush()
}
