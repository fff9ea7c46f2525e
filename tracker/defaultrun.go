package tracker

import (
	"context"
	"errors"
	"sync"
)

// The default run, which the package-level functions write.
var defaults struct {
	mu  sync.Mutex
	run *Run
}

// Init opens the store at path, which it makes if there is none, starts a run and makes it the default run, until [Finish].
func Init(ctx context.Context, path string, c RunConfig) (*Run, error) {
	defaults.mu.Lock()
	defer defaults.mu.Unlock()
	if defaults.run != nil {
		return nil, refuse(ErrRunActive, "the default run is %s: call Finish before the next Init", defaults.run.title())
	}
	s, err := Open(ctx, path, OpenOptions{Create: true})
	if err != nil {
		return nil, err
	}
	r, err := s.Start(ctx, c)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	defaults.run = r
	return r, nil
}

// AddSamples calls [Run.AddSamples] of the default run.
func AddSamples(ctx context.Context, samples []Sample) error {
	r, err := defaultRun()
	if err != nil {
		return err
	}
	return r.AddSamples(ctx, samples)
}

// Log calls [Run.Log] of the default run.
func Log(ctx context.Context, e Epoch) error {
	r, err := defaultRun()
	if err != nil {
		return err
	}
	return r.Log(ctx, e)
}

// LogMetrics calls [Run.LogMetrics] of the default run.
func LogMetrics(ctx context.Context, step int, m Metrics) error {
	r, err := defaultRun()
	if err != nil {
		return err
	}
	return r.LogMetrics(ctx, step, m)
}

// Flush calls [Run.Flush] of the default run.
func Flush(ctx context.Context) error {
	r, err := defaultRun()
	if err != nil {
		return err
	}
	return r.Flush(ctx)
}

// Finish calls [Run.Finish] of the default run and closes its store. A default run that was ended otherwise, by [Run.Stop]
// or [Run.Fail], keeps its state.
func Finish(ctx context.Context) error {
	defaults.mu.Lock()
	defer defaults.mu.Unlock()
	r := defaults.run
	if r == nil {
		return errNoRun()
	}
	err := r.Finish(ctx)
	if errors.Is(err, ErrRunEnded) {
		err = nil
	}
	defaults.run = nil
	return errors.Join(err, r.store.Close())
}

func defaultRun() (*Run, error) {
	defaults.mu.Lock()
	defer defaults.mu.Unlock()
	if defaults.run == nil {
		return nil, errNoRun()
	}
	return defaults.run, nil
}

func errNoRun() error { return refuse(ErrNoRun, "no default run: call tracker.Init first") }
