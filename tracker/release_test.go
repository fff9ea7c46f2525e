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
