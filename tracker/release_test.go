package tracker_test

import (
	"errors"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestRelease: a run that was given up stays running, its old writer writes no more, and another one resumes it at once.
func TestRelease(t *testing.T) {
	store, err := tracker.Open(t.Context(), t.TempDir()+"/zoetrope.db", tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	first, err := store.Start(t.Context(), tracker.RunConfig{Name: "r"})
	if err != nil {
		t.Fatal(err)
	}
	first.Release()
	first.Release() // again does nothing
	if err := first.LogMetrics(t.Context(), 1, tracker.Metrics{"loss": 1}); !errors.Is(err, tracker.ErrRunEnded) {
		t.Errorf("LogMetrics after Release = %v, want ErrRunEnded", err)
	}
	if info, err := store.Run(t.Context(), "r"); err != nil || info.State != tracker.Running {
		t.Errorf("state = %s, %v, want running", info.State, err)
	}
	second, err := store.Start(t.Context(), tracker.RunConfig{Name: "r", Resume: tracker.Must})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.LogMetrics(t.Context(), 1, tracker.Metrics{"loss": 1}); err != nil {
		t.Error(err)
	}
	if err := second.Finish(t.Context()); err != nil {
		t.Error(err)
	}
	second.Release() // of an ended run does nothing
	if info, err := store.Run(t.Context(), "r"); err != nil || info.State != tracker.Finished {
		t.Errorf("state = %s, %v, want finished", info.State, err)
	}
}

// TestStartKey: who starts a run again under the same key, after the answer was lost, gets the run and no second one.
func TestStartKey(t *testing.T) {
	store, err := tracker.Open(t.Context(), t.TempDir()+"/zoetrope.db", tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ids := map[string]bool{}
	start := func(c tracker.RunConfig) error {
		run, err := store.Start(t.Context(), c)
		if err == nil {
			ids[run.ID()] = true
			run.Release()
		}
		return err
	}
	for range 2 {
		if err := start(tracker.RunConfig{Experiment: "e", Name: "r", Key: "a"}); err != nil {
			t.Error(err)
		}
	}
	if len(ids) != 1 {
		t.Errorf("a name under one key starts the runs %v", ids)
	}
	if err := start(tracker.RunConfig{Experiment: "e", Name: "r", Key: "b"}); !errors.Is(err, tracker.ErrRunExists) {
		t.Errorf("the name under another key = %v, want ErrRunExists", err)
	}
	for range 2 {
		if err := start(tracker.RunConfig{Experiment: "e", Key: "c"}); err != nil {
			t.Error(err)
		}
	}
	if len(ids) != 2 {
		t.Errorf("no name under one key starts the runs %v", ids)
	}
	if err := start(tracker.RunConfig{Experiment: "f", Key: "c"}); err != nil || len(ids) != 3 {
		t.Errorf("the key in another experiment starts the runs %v, %v", ids, err)
	}
	if err := start(tracker.RunConfig{Key: string(make([]byte, 300))}); !errors.Is(err, tracker.ErrInvalid) {
		t.Errorf("a key that is none = %v, want ErrInvalid", err)
	}
}
