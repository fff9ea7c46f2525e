package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/train"
)

// resume goes back to the checkpoint of the newest run.
func (t *training) resume(ctx context.Context, o options) error {
	info, err := newest(ctx, o.db)
	if err != nil {
		return fmt.Errorf("nothing to resume: %w", err)
	}
	name := info.Experiment + "/" + info.Name
	if t.recipe, err = o.agree(info); err != nil {
		return fmt.Errorf("cannot resume run %s: %w", name, err)
	}
	if t.samples, err = t.data.Test.First(t.Samples); err != nil {
		return err
	}
	t.was, t.checkpoint = info.State, checkpointPath(o.db, info.ID)
	t.model, err = train.Load(t.checkpoint, t.settings())
	if errors.Is(err, fs.ErrNotExist) && info.LastEpoch == 0 { // ended before its first checkpoint: nothing is lost
		t.model, err = train.New(t.settings())
	}
	if err != nil {
		return fmt.Errorf("cannot resume run %s: %w", name, err)
	}
	if done := t.model.Epoch(); done > info.LastEpoch {
		return fmt.Errorf("cannot resume run %s: the store has %d epochs of it, the checkpoint %s has %d", name, info.LastEpoch, t.checkpoint, done)
	} else if t.Epochs < done {
		return fmt.Errorf("cannot resume run %s: it has trained %d epochs already, more than -epochs %d", name, done, t.Epochs)
	}
	t.run, err = tracker.Init(ctx, o.db, tracker.RunConfig{Experiment: info.Experiment, Name: info.Name, Params: t.params(), Resume: tracker.Must})
	if err != nil {
		return err
	}
	t.display.print("run %s in %s, from epoch %d of %d", name, tracker.WithoutPassword(o.db), t.first(), t.Epochs)
	return nil
}

// newest returns the newest run of this example in a store.
func newest(ctx context.Context, db string) (tracker.RunInfo, error) {
	store, err := tracker.Open(ctx, db, tracker.OpenOptions{})
	if err != nil {
		return tracker.RunInfo{}, err
	}
	runs, err := store.Runs(ctx)
	if err := errors.Join(err, store.Close()); err != nil {
		return tracker.RunInfo{}, err
	}
	for _, r := range runs {
		if r.Experiment == experiment {
			return r, nil
		}
	}
	return tracker.RunInfo{}, fmt.Errorf("%s has no run of experiment %s", db, experiment)
}

// params returns the recipe as a run's params.
func (r recipe) params() map[string]any {
	return map[string]any{
		"epochs": r.Epochs, "lr": r.Rate, "batch": r.Batch, "samples": r.Samples, "seed": r.Seed, "initial": r.Initial,
	}
}

// agree returns the recipe to continue with: the run's own, with the number of epochs from the command line.
// It refuses other settings on the command line, naming each.
func (o options) agree(run tracker.RunInfo) (recipe, error) {
	var was recipe
	params, err := json.Marshal(run.Params)
	if err == nil {
		err = json.Unmarshal(params, &was)
	}
	if err != nil {
		return was, fmt.Errorf("its params are not this example's: %w", err)
	}
	if was.Epochs < 1 || was.settings().Validate() != nil {
		return was, fmt.Errorf("its params are not this example's: %s", params)
	}
	before, now := was.params(), o.params()
	var differences []string
	for _, name := range []string{"lr", "batch", "samples", "seed", "initial"} {
		if o.given[name] && before[name] != now[name] {
			differences = append(differences, fmt.Sprintf("-%s %v, not %v", name, before[name], now[name]))
		}
	}
	if differences != nil {
		return was, fmt.Errorf("it was started with %s", strings.Join(differences, ", "))
	}
	if o.given["epochs"] {
		was.Epochs = o.Epochs
	}
	return was, nil
}
