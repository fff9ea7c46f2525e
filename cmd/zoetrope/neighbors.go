package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// neighborRow is a neighbour as JSON.
type neighborRow struct {
	Run      string     `json:"run"`
	Epoch    int        `json:"epoch"`
	Sample   string     `json:"sample"`
	Label    *string    `json:"label"`
	Distance cli.Number `json:"distance"`
}

func neighborsCommand(a *app) *cobra.Command {
	var which projectionFlags
	var epoch, k int
	var sample string
	cmd := &cobra.Command{
		Use:   "neighbors --epoch N --sample ID",
		Short: "Print the samples nearest to one at an epoch, in the original space",
		Long: `Neighbors prints the samples that were nearest to one at an epoch, by the vectors and the metric from which the
projection was made: the neighbours that the map ought to show. A note names the map and says if it is behind its run.`,
		Example: `  zoetrope neighbors --epoch 7 --sample 42
  zoetrope neighbors --run cnn --epoch 20 --sample 42 -k 5 --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case !cmd.Flags().Changed("epoch"):
				return cli.Usagef(cmd, "say at which epoch with --epoch N")
			case sample == "":
				return cli.Usagef(cmd, "say which sample with --sample ID")
			case k < 1:
				return cli.Usagef(cmd, "-k is %d: want 1 or more", k)
			}
			return a.read(cmd, func(ctx context.Context, store *tracker.Store) error {
				p, run, err := a.findProjection(ctx, store, which)
				if err != nil {
					return err
				}
				behind, err := a.tellProjection(ctx, store, p)
				if err != nil {
					return err
				}
				var near []projector.Neighbor
				if run == "" {
					near, err = p.Neighbors(ctx, epoch, sample, k)
				} else {
					near, err = p.NeighborsIn(ctx, run, epoch, sample, k)
				}
				if err != nil {
					return err
				}
				if len(near) > 0 && behind.What(near[0].Run, epoch) == "changed" {
					a.Note("epoch %d was logged again since it was placed: these are the neighbours now, not those that the map shows", epoch)
				}
				return a.printNeighbors(near)
			})
		},
	}
	which.add(cmd)
	takesRun(cmd, &which.run)
	f := cmd.Flags()
	f.IntVar(&epoch, "epoch", 0, "the epoch; 0 is before training (required)")
	f.StringVar(&sample, "sample", "", "the sample's id, as it is (required)")
	f.IntVarP(&k, "k", "k", 10, "how many neighbours")
	return cmd
}

func (a *app) printNeighbors(near []projector.Neighbor) error {
	if a.JSON {
		rows := make([]neighborRow, len(near))
		for i, n := range near {
			rows[i] = neighborRow{n.Run, n.Epoch, n.Sample, cli.OrNull(n.Label), cli.Number(n.Distance)}
		}
		return a.PrintJSON(rows)
	}
	t := cli.NewTable(a.Stdout)
	t.Row("SAMPLE", "LABEL", "DISTANCE")
	for _, n := range near {
		t.Row(n.Sample, n.Label, strconv.FormatFloat(n.Distance, 'g', 5, 64))
	}
	return t.Flush()
}
