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
		Short: "Add the epochs logged since the map was made",
		Long: `Extend places the epochs that were logged since the map was made among the existing points, which do not move. It takes
a fraction of the time of a fit, so it suits a running training. Epochs whose vectors or samples have changed are placed
again, and epochs that the runs no longer have leave the map; logging an epoch again with the same vectors is no change.
The map keeps the choice of --epochs, --samples and --max-points with which it was made.

When the points have doubled since the last fit, or half of the fitted points are gone or have changed, the map is fitted
again, as by 'zoetrope project refit'.`,
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
		Short: "Fit a map again to all present epochs",
		Long: `Refit fits a map again to the present content of its runs, with the options it was made with. It starts from the
map's coordinates, and turns and shifts the result onto them, so that the picture neither jumps nor flips; where few of
the fitted points are left, it starts from scratch. With --renew it starts as 'zoetrope project' would: the map then does
not depend on how it has grown, but may look different.`,
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
	cmd.Flags().BoolVar(&renew, "renew", false, "start as a new map would, not from the map's coordinates")
	return cmd
}

// grow changes a map and prints the result.
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
