package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

// TestServerRestarts lets the server crash and come back under a training and a reader, which both go on.
func TestServerRestarts(t *testing.T) {
	postgresOnly(t)
	ctx := context.Background()
	s := newStore(t)
	s.beatEvery = 20 * time.Millisecond
	r := newRun(t, s, "cnn", 3)
	logged(t, r, 1, 3, 0)
	other := newStoreAt(t, s.Path())
	if _, err := other.Runs(ctx); err != nil {
		t.Fatal(err)
	}
	pgtest.Current.Kill()
	if _, err := other.Runs(ctx); !errors.Is(err, ErrUnreachable) {
		t.Errorf("Runs without the server = %v, want ErrUnreachable", err)
	}
	restarted := make(chan error)
	go func() {
		time.Sleep(200 * time.Millisecond)
		restarted <- pgtest.Current.Run()
	}()
	logged(t, r, 2, 3, 0) // waits until the server is back
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	for _, reader := range []*Store{s, other} {
		if got := numbers(t, reader, "cnn"); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("epochs %v, want 1 2", got)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) { // the lock is taken again, with the next beat
		if locks(t, s) == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the run's lock is not taken again")
		}
	}
	if _, err := other.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Resume: Must}); !errors.Is(err, ErrRunActive) {
		t.Errorf("Start by another writer after the restart = %v, want ErrRunActive", err)
	}
	if err := r.Finish(ctx); err != nil {
		t.Error(err)
	}
}

// locks returns how many advisory locks sessions hold in the store's database.
func locks(t testing.TB, s *Store) (n int) {
	t.Helper()
	if err := reader(s).QueryRow("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestLocksOfOneSession starts and ends several runs of one store, which share a session.
func TestLocksOfOneSession(t *testing.T) {
	postgresOnly(t)
	ctx := context.Background()
	s := newStore(t)
	other := newStoreAt(t, s.Path())
	var runs []*Run
	for i := range 3 {
		runs = append(runs, newRun(t, s, fmt.Sprint(i), 1))
	}
	if n := locks(t, s); n != 3 {
		t.Errorf("%d locks, want 3", n)
	}
	if err := runs[1].Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Start(ctx, RunConfig{Experiment: "test", Name: "1", Resume: Must}); err != nil {
		t.Errorf("Start of a run that has ended: %v", err)
	}
	if _, err := other.Start(ctx, RunConfig{Experiment: "test", Name: "2", Resume: Must}); !errors.Is(err, ErrRunActive) {
		t.Errorf("Start of a run that is active = %v, want ErrRunActive", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Start(ctx, RunConfig{Experiment: "test", Name: "2", Resume: Must}); err != nil {
		t.Errorf("Start of a run whose store was closed: %v", err)
	}
}

// TestLostSession cuts every connection of a writer, and lets another one take its run over.
func TestLostSession(t *testing.T) {
	postgresOnly(t)
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 3)
	logged(t, r, 1, 3, 0)
	other := newStoreAt(t, s.Path())
	if _, err := reader(other).Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'zoetrope'"); err != nil {
		t.Fatal(err)
	}
	second, err := other.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Resume: Must})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Log(ctx, Epoch{Number: 2}); !errors.Is(err, ErrSuperseded) {
		t.Errorf("Log of the first writer = %v, want ErrSuperseded", err)
	}
	s.db.KeepLocks(ctx) // does not take the lock from the second
	logged(t, second, 2, 3, 0)
	if r.heartbeat(ctx) {
		t.Error("the first writer takes the run for its own")
	}
	if err := second.Finish(ctx); err != nil {
		t.Error(err)
	}
	s.db.KeepLocks(ctx) // does not want it any more
	if third := newStoreAt(t, s.Path()); locks(t, third) != 0 {
		t.Errorf("a lock is left")
	}
}

// TestChangesInOrder reads changes while writers of several stores commit at the same time, some of them late: none is missed.
func TestChangesInOrder(t *testing.T) {
	ctx := context.Background()
	address := pgtest.Store(t)
	const writers, epochs = 4, 15
	reader := newStoreAt(t, address)
	var group sync.WaitGroup
	for w := range writers {
		s := newStoreAt(t, address)
		r := newRun(t, s, fmt.Sprint(w), 20)
		group.Go(func() {
			for e := 1; e <= epochs; e++ {
				logged(t, r, e, 20, float64(w))
				err := s.Write(ctx, func(*Tx) error {
					time.Sleep(time.Duration(w) * time.Millisecond) // holds its place in the order
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	seen, last, cursor := map[string]int{}, int64(0), int64(0)
	for finished := false; !finished; {
		select {
		case <-done:
			finished = true
		default:
		}
		c, err := reader.Changes(ctx, cursor)
		if err != nil {
			t.Fatal(err)
		}
		cursor = c.Cursor
		for _, e := range c.Epochs {
			if e.Seq <= last {
				t.Errorf("epoch %d of %s has seq %d after %d", e.Number, e.Run, e.Seq, last)
			}
			last = e.Seq
			seen[e.Run]++
		}
	}
	for run, n := range seen {
		if n != epochs {
			t.Errorf("%d changes of run %s were seen, want %d", n, run, epochs)
		}
	}
	if len(seen) != writers {
		t.Errorf("changes of %d runs, want %d", len(seen), writers)
	}
}
