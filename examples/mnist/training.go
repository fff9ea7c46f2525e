package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/train"
)

// training is a run in progress: the network, its run, its data and the samples.
type training struct {
	recipe
	run        *tracker.Run  // the default run of package tracker
	was        tracker.State // of the run before it was resumed
	model      *train.Model
	data       *train.Data
	samples    *train.Set
	checkpoint string // file; written after every epoch, and before the first
	began      int    // optimiser steps taken before this process
	again      string // the command that continues the run
	live       *live  // the map while training goes on; nil without a page
	display    *display
}

// errInterrupted is the error of a training that was stopped by Ctrl-C.
var errInterrupted = errors.New("interrupted")

// begin starts a run, or resumes one, with its samples in the store and its checkpoint written.
func begin(ctx context.Context, o options, data *train.Data, d *display) (*training, error) {
	t := &training{recipe: o.recipe, data: data, display: d, again: o.goOn()}
	var err error
	if o.resume {
		err = t.resume(ctx, o)
	} else {
		err = t.start(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	t.began = t.model.Step()
	if err := t.prepare(ctx); err != nil {
		if t.was != tracker.Finished { // Finish would leave such a run as it was
			err = t.end(ctx, err)
		}
		return nil, errors.Join(err, tracker.Finish(ctx))
	}
	return t, nil
}

func (t *training) start(ctx context.Context, o options) (err error) {
	if t.samples, err = t.data.Test.First(t.Samples); err != nil {
		return err
	}
	if t.model, err = train.New(t.settings()); err != nil {
		return err
	}
	t.run, err = tracker.Init(ctx, o.db, tracker.RunConfig{Experiment: experiment, Params: t.params()})
	if err != nil {
		return err
	}
	t.checkpoint = checkpointPath(o.db, t.run.ID())
	t.display.print("run %s/%s in %s", t.run.Experiment(), t.run.Name(), tracker.WithoutPassword(o.db))
	return nil
}

// prepare stores the samples, and removes epochs that were logged after the checkpoint.
func (t *training) prepare(ctx context.Context) error {
	samples, err := describe(t.samples)
	if err != nil {
		return err
	}
	if err := tracker.AddSamples(ctx, samples); err != nil {
		return err
	}
	if err := t.run.TruncateAfter(ctx, t.first()-1); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(t.checkpoint), 0o755); err != nil {
		return err
	}
	return t.model.Save(t.checkpoint)
}

// first returns the epoch to begin with.
func (t *training) first() int {
	if t.model.Epoch() == 0 && t.Initial {
		return 0
	}
	return t.model.Epoch() + 1
}

// end stores how the training ended, and says how to continue an interrupted one.
func (t *training) end(ctx context.Context, err error) error {
	t.display.clear()
	switch {
	case err == nil:
		return t.run.Finish(ctx)
	case ctx.Err() != nil:
		err = fmt.Errorf("%w: run %s stays at epoch %d of %d; to go on: %s", errInterrupted, t.run.Name(), t.model.Epoch(), t.Epochs, t.again)
		return errors.Join(err, t.run.Stop(ctx))
	}
	return errors.Join(err, t.run.Fail(ctx, err))
}

// goOn returns the command that resumes a run with these options.
func (o options) goOn() string {
	words := []string{command, "-resume"}
	for _, f := range []struct{ name, value string }{{"db", tracker.WithoutPassword(o.db)}, {"data", o.data}, {"addr", o.addr}} {
		if o.given[f.name] {
			words = append(words, "-"+f.name, f.value)
		}
	}
	if o.resume && o.given["epochs"] { // beyond the run's params
		words = append(words, "-epochs", strconv.Itoa(o.Epochs))
	}
	if !o.serve {
		words = append(words, "-serve=false")
	}
	return strings.Join(words, " ")
}

const experiment = "mnist"

// checkpointPath returns the path of a run's checkpoint: beside its store, or in the working folder if the store is on a server.
func checkpointPath(db, run string) string {
	if strings.Contains(db, "://") {
		db = "zoetrope"
	}
	return filepath.Join(db+"-checkpoints", run+".ckpt")
}
