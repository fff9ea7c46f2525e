package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

func extendCommand(a *app) *cobra.Command {
	var which projectionFlags
	cmd := &cobra.Command{
		Use:   "extend",
		Short: "Bring a map up to its runs, which have gone on since",
		Long: `Extend places the epochs that were logged since the map was made among the points that are there, which stay where
they are. That takes a small part of the time of a fit, so it suits a training that goes on. Epochs whose vectors or
samples are others now are placed anew, and those that the runs no longer have leave the map; an epoch that was logged
again with the same vectors has not changed. Of the runs, the map goes on to show what --epochs, --samples and
--max-points chose when it was made.

When the points have doubled since the last fit, or half of what was fitted is gone or has changed, the map is fitted
anew, as 'zoetrope project refit' does.`,
		Example: `  zoetrope project extend
  zoetrope project extend --run cnn --json | jq '{revision, points}'`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.grow(cmd, which, func(ctx context.Context, p *projector.Projection, progress projector.Progress) (*projector.Projection, error) {
				revision := p.Info().Revision
				p, err := p.Extend(ctx, progress)
				if err == nil && p.Info().Revision == revision {
					a.Note("the map is not behind its runs: it is as it was")
				}
				return p, err
			})
		},
	}
	which.add(cmd)
	takesRun(cmd, &which.run)
	return cmd
}

func refitCommand(a *app) *cobra.Command {
	var which projectionFlags
	var renew bool
	cmd := &cobra.Command{
		Use:   "refit",
		Short: "Fit a map anew to all epochs there are now",
		Long: `Refit fits a map anew to what its runs hold now, with the options it was made with. It begins with the map as
it is, and turns and shifts the result onto it, so that the picture neither jumps nor flips; where little is left of
what was fitted, it begins anew. With --renew it begins where 'zoetrope project' would: the map then does not depend on
how it has grown, but may look different.`,
		Example: `  zoetrope project refit
  zoetrope project refit --projection k3v9x2m4qa --renew`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.grow(cmd, which, func(ctx context.Context, p *projector.Projection, progress projector.Progress) (*projector.Projection, error) {
				if renew {
					return p.RefitFromScratch(ctx, progress)
				}
				return p.Refit(ctx, progress)
			})
		},
	}
	which.add(cmd)
	takesRun(cmd, &which.run)
	cmd.Flags().BoolVar(&renew, "renew", false, "begin where a new map would, not with the map as it is")
	return cmd
}

// grow changes a map and prints what became of it.
func (a *app) grow(cmd *cobra.Command, which projectionFlags, change func(context.Context, *projector.Projection, projector.Progress) (*projector.Projection, error)) error {
	return a.with(cmd, tracker.OpenOptions{}, func(ctx context.Context, store *tracker.Store) error {
		p, _, err := a.findProjection(ctx, store, which)
		if err != nil {
			return err
		}
		meter := a.NewMeter()
		defer meter.Close()
		if p, err = change(ctx, p, meter.Show); err != nil {
			return err
		}
		return a.printMap(ctx, store, p, meter)
	})
}
