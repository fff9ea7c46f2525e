// Command mnist trains a small network on handwritten digits, logs every epoch, and shows all epochs
// on one map in the browser.
//
// The loop is in loop.go; it is what you would write around your own network. Run
//
//	go run ./examples/mnist -help
//
// for the flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/train"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mnist:", err)
	}
	os.Exit(exitCode(err))
}

// run runs the example: data, page, training, map, page.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	data, err := train.Open(o.data)
	if err != nil {
		return err
	}
	page, err := listen(ctx, o) // before anything is written
	if err != nil {
		return err
	}
	defer page.close()
	d := newDisplay(stdout, stderr)
	page.announce(ctx, o, d)
	t, err := begin(ctx, o, data, d)
	if err != nil {
		return err
	}
	defer func() {
		page.close()
		err = errors.Join(err, tracker.Finish(ctx), t.model.Close())
	}()
	page.serve(ctx, t.run.Store())
	if page != nil {
		t.live = follow(ctx, t.run)
	}
	err = t.learn(ctx)
	if missed := t.live.stop(); missed != nil && ctx.Err() == nil {
		d.note("the map did not follow the training: %v", missed)
	}
	if err := t.end(ctx, err); err != nil {
		return err
	}
	if err := t.project(ctx); err != nil {
		return err
	}
	return page.wait(ctx, d)
}

// exitCode is 0 for success, 2 for wrong usage, 130 for Ctrl-C as shells have it, and 1 for the rest.
func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		return 2
	case errors.Is(err, errInterrupted):
		return 130
	}
	return 1
}
