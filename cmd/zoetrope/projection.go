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

// projectionFlags say which projection a command is about.
type projectionFlags struct{ id, run, layer string }

func (f *projectionFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.id, "projection", "", "the projection's id (default the newest of the run)")
	cmd.Flags().StringVar(&f.layer, "layer", "", "the layer that the projection is of (default that of the newest)")
	runFlag(cmd, &f.run)
}

// findProjection finds the projection that --projection names, or else the newest of the run that --run names, or else
// the newest of the newest run; with --layer, the newest of that layer. run is the id of the run that --run names; empty means
// all that the projection holds.
func (a *app) findProjection(ctx context.Context, store *tracker.Store, f projectionFlags) (p *projector.Projection, run string, err error) {
	var info tracker.RunInfo
	if f.id == "" || f.run != "" {
		if info, err = a.findRun(ctx, store, f.run); err != nil {
			return nil, "", err
		}
	}
	if f.run != "" {
		run = info.ID
	}
	if f.id == "" {
		if f.id, err = newestProjection(ctx, store, info.ID, f.layer); err != nil {
			return nil, "", err
		}
		if f.id == "" {
			return nil, "", noProjection(info, f.layer)
		}
	}
	p, err = projector.Open(ctx, store, f.id)
	if errors.Is(err, tracker.ErrNotFound) {
		return nil, "", fmt.Errorf("%w; 'zoetrope show' lists those of a run", err)
	}
	if err == nil && f.layer != "" && p.Info().Layer != f.layer {
		return nil, "", fmt.Errorf("projection %s is of layer %q, not of %q: leave --layer out, or name another projection", f.id, p.Info().Layer, f.layer)
	}
	return p, run, err
}

// newestProjection returns the id of the newest projection of a run and, unless it is empty, of a layer; empty if there is none.
func newestProjection(ctx context.Context, store *tracker.Store, run, layer string) (string, error) {
	list, err := projector.List(ctx, store, run)
	for _, p := range list {
		if layer == "" || p.Layer == layer {
			return p.ID, err
		}
	}
	return "", err
}

func noProjection(run tracker.RunInfo, layer string) error {
	if layer == "" {
		return fmt.Errorf("run %s/%s has no projection yet: make one with 'zoetrope project --run %s'", run.Experiment, run.Name, run.ID)
	}
	return fmt.Errorf("run %s/%s has no projection of layer %q yet: make one with 'zoetrope project --run %s --layer %s'", run.Experiment, run.Name, layer, run.ID, layer)
}

// tellProjection notes which map a result is of, and how far the map is behind its runs.
func (a *app) tellProjection(ctx context.Context, store *tracker.Store, p *projector.Projection) (*projector.Behind, error) {
	i := p.Info()
	titles, err := titlesOf(ctx, store, i.Runs)
	if err != nil {
		return nil, err
	}
	layer := "no layer"
	if i.Layer != "" {
		layer = "layer " + i.Layer
	}
	a.Note("projection %s: %s of %s, revision %d", i.ID, layer, strings.Join(titles, ", "), i.Revision)
	return a.tellBehind(ctx, p)
}

// tellBehind notes how far a map is behind its runs, if it is, and what to do about it.
func (a *app) tellBehind(ctx context.Context, p *projector.Projection) (*projector.Behind, error) {
	b, err := p.Behind(ctx)
	switch i := p.Info(); {
	case err != nil || b.Total() == 0:
	case i.Method == projector.MethodGiven:
		a.Note("projection %s is behind by %s; it was computed elsewhere: import it again", i.ID, b)
	default:
		a.Note("projection %s is behind by %s; 'zoetrope project extend --projection %s' brings it up to date", i.ID, b, i.ID)
	}
	return b, err
}

// titlesOf returns runs' experiment/name by their ids, in this order.
func titlesOf(ctx context.Context, store *tracker.Store, ids []string) ([]string, error) {
	titles := make([]string, len(ids))
	for i, id := range ids {
		run, err := store.Run(ctx, id)
		if err != nil {
			return nil, err
		}
		titles[i] = run.Experiment + "/" + run.Name
	}
	return titles, nil
}
