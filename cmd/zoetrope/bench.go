package main

import (
	"slices"

	"github.com/spf13/cobra"
)

func benchCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast this machine does the work",
		Long: `Bench measures how fast this build does its work on this machine. On a machine with other work, compare the
minima, and processor time rather than the clock.`,
		Example:                    "  zoetrope bench train\n  zoetrope bench project --mode balanced",
		Args:                       subcommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(benchTrainCommand(a), benchProjectCommand(a), benchLogCommand(a), benchViewCommand(a))
	return cmd
}

// A sample is a quantity measured several times.
type sample []float64

func (s sample) min() float64 { return slices.Min(s) }

func (s sample) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	return (sorted[(len(s)-1)/2] + sorted[len(s)/2]) / 2
}
