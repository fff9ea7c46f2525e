package tracker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

func logDoesNotStall(t *testing.T, s *Store) {
	ctx := context.Background()
	r := asyncRun(t, s, RunConfig{Name: "cnn"}, 2)
	unblock := block(t, s) // as a disk or a server that does not answer
	defer unblock()
	done := make(chan bool)
	go func() {
		for e := 1; e <= 50; e++ {
			logged(t, r, e, 2, 0)
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("Log waits for the disk")
	}
	unblock()
	must(t, r.Finish(ctx))
	if got := numbers(t, s, ""); len(got) != 50 {
		t.Errorf("%d epochs, want 50", len(got))
	}
}

func finishDoesNotHang(t *testing.T, s *Store) {
	r := asyncRun(t, s, RunConfig{Name: "cnn"}, 2)
	for e := 1; e <= 20; e++ {
		logged(t, r, e, 2, 0)
	}
	interrupted, cancel := context.WithCancel(context.Background())
	cancel()
	begun := time.Now()
	must(t, r.Finish(interrupted)) // writes all the same, but not for ever
	if d := time.Since(begun); d > 2*endTimeout {
		t.Errorf("Finish took %v", d)
	}
	if info, err := s.Run(context.Background(), ""); info.Epochs != 20 || info.State != Finished || err != nil {
		t.Errorf("Run = %+v, %v", info, err)
	}
}

func failedBatchIsKnown(t *testing.T, s *Store) {
	ctx := context.Background()
	r := asyncRun(t, s, RunConfig{Name: "cnn"}, 2)
	logged(t, r, 1, 2, 0)
	must(t, r.Log(ctx, wrong(2))) // accepted: what is wrong shows only in the store
	if err := r.Flush(ctx); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "epoch 2") {
		t.Errorf("Flush = %v, want the error of epoch 2", err)
	}
	if err := r.Finish(ctx); err == nil {
		t.Error("Finish has forgotten it")
	}
}

func closeEndsGoroutines(t *testing.T, s *Store) {
	ctx := context.Background()
	before := runtime.NumGoroutine()
	other, err := Open(ctx, s.Path(), OpenOptions{})
	must(t, err)
	for _, async := range []bool{false, true} {
		for i := range 3 {
			r, err := other.Start(ctx, RunConfig{Name: fmt.Sprint(async, i), Async: async})
			must(t, err, r.LogMetrics(ctx, 1, Metrics{"a": 1}))
			if i == 1 {
				must(t, r.Finish(ctx))
			}
		}
	}
	must(t, other.Close())
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, before there were %d", runtime.NumGoroutine(), before)
		}
	}
}

func lockedDatabase(t *testing.T, s *Store) {
	ctx := context.Background()
	done := make(chan error, 4)
	for i := range 4 { // each with connections of its own, as a process has
		go func() {
			other, err := Open(ctx, s.Path(), OpenOptions{})
			if err != nil {
				done <- err
				return
			}
			defer other.Close()
			r, err := other.Start(ctx, RunConfig{Name: fmt.Sprint(i)})
			for step := range 50 {
				err = errors.Join(err, r.LogMetrics(ctx, step, Metrics{"a": 1}))
			}
			done <- err
		}()
	}
	for range 4 {
		must(t, <-done)
	}
	var rows int
	if err := reader(s).QueryRow("SELECT count(*) FROM metric").Scan(&rows); rows != 200 || err != nil {
		t.Errorf("%d metrics, %v, want 200", rows, err)
	}
}

func readALiveRun(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 50)
	other, err := Open(ctx, s.Path(), OpenOptions{ReadOnly: true})
	must(t, err)
	defer other.Close()
	for e := 1; e <= 30; e++ {
		logged(t, r, e, 50, 0)
		f, err := other.Frame(ctx, "cnn", "", e) // at once, from elsewhere
		if err != nil || f.Vectors[49] != float32(e) {
			t.Fatalf("epoch %d: %v, %v", e, f.Vectors, err)
		}
	}
	if pgtest.Current != nil {
		return
	}
	if got := table(t, reader(s), "PRAGMA integrity_check"); got != "[[ok]]" {
		t.Errorf("integrity: %s", got)
	}
}

func notTheWholeHistory(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 2)
	for e := 1; e <= 20; e++ {
		logged(t, r, e, 2, 0)
	}
	c, err := s.Changes(ctx, 0)
	must(t, err)
	logged(t, r, 21, 2, 0)
	next, err := s.Changes(ctx, c.Cursor)
	must(t, err)
	ms, err := s.MetricsSince(ctx, "", c.Cursor)
	if err != nil || len(next.Epochs) != 1 || next.Epochs[0].Number != 21 || len(ms) != 1 || ms[0].Epoch != 21 {
		t.Errorf("after the cursor: %+v, %+v, %v, want epoch 21 only", next.Epochs, ms, err)
	}
}
