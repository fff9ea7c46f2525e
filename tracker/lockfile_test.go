package tracker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

// TestLocksAreNotKept: a run that has ended leaves no file, and what earlier versions have left goes.
func TestLocksAreNotKept(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	s := newStore(t)
	folder := s.Path() + "-locks"
	var ended []*Run
	for i, end := range []func(*Run) error{
		func(r *Run) error { return r.Finish(ctx) },
		func(r *Run) error { return r.Stop(ctx) },
		func(r *Run) error { return r.Fail(ctx, errors.New("loss is NaN")) },
	} {
		r := newRun(t, s, fmt.Sprint(i), 1)
		must(t, end(r))
		ended = append(ended, r)
	}
	if _, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "0"}); !errors.Is(err, ErrRunExists) {
		t.Errorf("Start = %v", err)
	}
	if got := names(t, folder); !slices.Equal(got, []string{database.QueueFile}) {
		t.Errorf("locks of runs that have ended: %q", got)
	}
	live := newRun(t, s, "live", 1)
	killed := newRun(t, s, "killed", 1)
	killed.stop()
	killed.unlock() // and its file stays, as that of a process that is gone does
	for _, uid := range []string{ended[0].ID(), ended[1].ID(), killed.ID(), "gone"} {
		must(t, os.WriteFile(filepath.Join(folder, uid+".lock"), nil, 0o644))
	}
	unlock, err := s.db.Lock(ctx, ended[1].ID()) // as by a writer that is just ending it
	must(t, err)
	other := newRun(t, s, "other", 1)
	want := []string{database.QueueFile}
	for _, r := range []*Run{live, killed, ended[1], other} {
		want = append(want, r.ID()+".lock")
	}
	slices.Sort(want)
	if got := names(t, folder); !slices.Equal(got, want) {
		t.Errorf("locks %q, want %q", got, want)
	}
	unlock()
	if _, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "live", Resume: Must}); !errors.Is(err, ErrRunActive) {
		t.Errorf("Start of a live run = %v", err)
	}
	must(t, s.RemoveRun(ctx, killed.ID()))
	must(t, errors.Join(live.Finish(ctx), other.Finish(ctx)))
	if got := names(t, folder); !slices.Equal(got, []string{database.QueueFile}) {
		t.Errorf("locks are left: %q", got)
	}
}

// TestRunStartsOnce has many writers, each with a store of its own, start and end the same runs: one run has one writer at a
// time, and in the end there is no file.
func TestRunStartsOnce(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	const writers, turns = 4, 15
	var holders, got atomic.Int32
	var group sync.WaitGroup
	for range writers {
		s := newStoreAt(t, s.Path())
		group.Go(func() {
			for range turns {
				r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "one", Resume: Allow})
				if errors.Is(err, ErrRunActive) || errors.Is(err, ErrBusy) {
					continue
				} else if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d write the run", n)
				}
				got.Add(1)
				if err := r.LogMetrics(ctx, 1, Metrics{"loss": 1}); err != nil {
					t.Error(err)
				}
				holders.Add(-1)
				if err := r.Finish(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if got.Load() == 0 {
		t.Error("nobody could write the run")
	}
	if pgtest.Current == nil {
		if left := names(t, s.Path()+"-locks"); !slices.Equal(left, []string{database.QueueFile}) {
			t.Errorf("locks are left: %q", left)
		}
	}
}
