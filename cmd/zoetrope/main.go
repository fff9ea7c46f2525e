// Command zoetrope works on a store of logged trainings: it lists and imports runs, lays their epochs out on one map,
// prints and measures the map, and shows it in the browser.
//
// Results go to standard output, progress and messages to standard error. The exit status is 0, 1 when something
// failed, and 2 when the command line was wrong.
package main

import (
	"context"
	"io"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
)

func main() { cli.Main(run) }

// run executes the command and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{&cli.App{Stdout: stdout, Stderr: stderr}}
	return a.Run(ctx, newRoot(a, args))
}
