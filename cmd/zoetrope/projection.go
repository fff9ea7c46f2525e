package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// projectionFlags say which projection a command is about.
type projectionFlags struct{ id, run string }

func (f *projectionFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.id, "projection", "", "the projection's id (default the newest of the run)")
	runFlag(cmd, &f.run)
}

// findProjection finds the projection that --projection names, or else the newest of the run that --run names, or else
// the newest of the newest run. run is the id of the run that --run names; empty means all that the projection holds.
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
		list, err := projector.List(ctx, store, info.ID)
		if err != nil {
			return nil, "", err
		}
		if len(list) == 0 {
			return nil, "", fmt.Errorf("run %s/%s has no projection yet: make one with 'zoetrope project --run %s'", info.Experiment, info.Name, info.ID)
		}
		f.id = list[0].ID
	}
	p, err = projector.Open(ctx, store, f.id)
	if errors.Is(err, tracker.ErrNotFound) {
		return nil, "", fmt.Errorf("%w; 'zoetrope show' lists those of a run", err)
	}
	return p, run, err
}
