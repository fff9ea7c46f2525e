// Command zoetrope-bench measures how fast this machine trains the example's network, logs, lays out and shows a map. It is
// a separate command so that its browser driver and stock operations are not linked into zoetrope.
//
// Results go to standard output, progress and messages to standard error. The exit status is 0, 1 when something
// failed, and 2 when the command line was wrong.
package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
)

func main() { cli.Main(run) }

// run executes the command and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{&cli.App{Stdout: stdout, Stderr: stderr}}
	return a.Run(ctx, newRoot(a, args))
}

// app holds the state that the subcommands share.
type app struct{ *cli.App }

func newRoot(a *app, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "zoetrope-bench",
		Short: "Measure how fast this machine does Zoetrope's work",
		Long: `Zoetrope-bench measures how fast this build does its work on this machine. On a busy machine, compare minima, and
processor time rather than wall time.`,
		Example: "  zoetrope-bench train\n  zoetrope-bench project --mode balanced",
	}
	root.AddCommand(trainCommand(a), projectCommand(a), logCommand(a), viewCommand(a), trainingsCommand(a), timeCommand(a))
	return a.Finish(root, args)
}
