package main

import (
	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
)

// app holds the state that the subcommands share.
type app struct{ *cli.App }

// newRoot builds the command and all its subcommands.
func newRoot(a *app, args []string) *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "zoetrope",
		Short: "Watch a neural network's hidden layers while it trains",
		Long: `Zoetrope records what a neural network's hidden layer looks like at every epoch of its training,
and draws all epochs on one shared map, so that you can watch clusters form, split and move.

Runs come from a program that calls tracker.Log, or from 'zoetrope import'.`,
		Example: `  zoetrope import --run reference --labels labels.npy embeddings.npy
  zoetrope project --run reference --n-neighbors 20 --min-dist 0.01
  zoetrope points --epoch 7 --format csv -o epoch7.csv
  zoetrope serve`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				return a.printVersion()
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&version, "version", false, "print which build this is")
	root.AddCommand(
		runsCommand(a), showCommand(a), editCommand(a), importCommand(a), exportCommand(a), plotCommand(a), projectCommand(a), pointsCommand(a),
		neighborsCommand(a), qualityCommand(a), serveCommand(a), doctorCommand(a), backupCommand(a), rmCommand(a), versionCommand(a),
	)
	return a.Finish(root, args)
}
