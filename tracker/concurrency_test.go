package tracker

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

func TestConcurrentUse(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	const runs, epochs, n, dim = 3, 8, 200, 40
	var ids []string // named, because AddSamples runs at the same time
	for _, s := range someSamples(n) {
		ids = append(ids, s.ID)
	}
	var writers, readers sync.WaitGroup
	for i := range runs {
		r := newRun(t, s, fmt.Sprint("run", i), n)
		for e := range epochs { // all epochs of all runs at once
			writers.Go(func() {
				err := r.Log(ctx, Epoch{Number: e, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: someVectors(e, n, dim), IDs: ids}}, Metrics: Metrics{"loss": 1}})
				if err != nil {
					t.Error(err)
				}
				if err := r.LogMetrics(ctx, e, Metrics{"batch": 1}); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Go(func() {
			if err := r.AddSamples(ctx, []Sample{{ID: "late"}}); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Go(func() {
		if err := s.Write(ctx, func(tx *Tx) error { return nil }); err != nil {
			t.Error(err)
		}
	})
	done := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			var cursor int64
			seen := 0
			for finished := false; !finished; {
				select {
				case <-done:
					finished = true // once more, for what came last
				default:
				}
				c, err := s.Changes(ctx, cursor)
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range c.Epochs {
					f, err := s.Frame(ctx, e.Run, "fc1", e.Number)
					if err != nil || !slices.Equal(f.Vectors, someVectors(e.Number, n, dim)) {
						t.Errorf("epoch %d of %s is not what was logged: %v", e.Number, e.Run, err)
					}
				}
				cursor, seen = c.Cursor, seen+len(c.Epochs)
			}
			if seen != runs*epochs {
				t.Errorf("a reader has seen %d epochs, want %d", seen, runs*epochs)
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
}

func TestConcurrentOpen(t *testing.T) {
	ctx := context.Background()
	path := pgtest.Store(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			s, err := Open(ctx, path, OpenOptions{Create: true})
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			r, err := s.Start(ctx, RunConfig{Name: fmt.Sprint(i)})
			if err != nil {
				t.Error(err)
				return
			}
			if err := r.Finish(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if pgtest.Current != nil {
		// there are no files
	} else if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"zoetrope.db", "zoetrope.db-locks"}) {
		t.Errorf("files are left behind: %q", got)
	}
	s, err := Open(ctx, path, OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if runs, err := s.Runs(ctx); len(runs) != 8 || err != nil {
		t.Errorf("%d runs, %v, want 8", len(runs), err)
	}
}

func TestHeartbeat(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	s.beatEvery = 10 * time.Millisecond
	newRun(t, s, "cnn", 1)
	first, err := s.Run(ctx, "cnn")
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Changes(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		info, err := s.Run(ctx, "cnn")
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("no sign of life: %+v, %v", info, err)
		}
		if info.Seen.After(first.Seen) {
			break
		}
	}
	if again, err := s.Changes(ctx, c.Cursor); again.Runs != nil || err != nil {
		t.Errorf("a heartbeat is a change: %+v, %v", again, err)
	}
}

func TestCloseWhileRunsEnd(t *testing.T) {
	s := newStore(t)
	s.beatEvery = time.Millisecond
	var group sync.WaitGroup
	for i := range 4 {
		r := newRun(t, s, fmt.Sprint(i), 1)
		group.Go(func() { r.Finish(context.Background()) }) // may be refused: the store may be closed
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	group.Wait()
}

// TestReplaceWhileReading logs one epoch again and again: a reader sees one of them, never parts of two.
func TestReplaceWhileReading(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	const n, dim = 300, 1000 // two chunks
	r := newRun(t, s, "cnn", n)
	log := func(i int) {
		v := make([]float32, n*dim)
		losses := make([]float64, n)
		for j := range v {
			v[j] = float32(i)
		}
		for j := range losses {
			losses[j] = float64(i)
		}
		err := r.Log(ctx, Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}, Outputs: &Outputs{Losses: losses}})
		if err != nil {
			t.Error(err)
		}
	}
	log(0)
	done := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		var last float32
		for finished := false; !finished; {
			select {
			case <-done:
				finished = true
			default:
			}
			f, err := s.Frame(ctx, "cnn", "fc1", 1)
			out, oerr := s.Outputs(ctx, "cnn", 1)
			if err != nil || oerr != nil || len(f.Vectors) != n*dim || slices.Min(f.Vectors) != slices.Max(f.Vectors) || slices.Min(out.Losses) != slices.Max(out.Losses) {
				t.Errorf("a mixture was read: %v, %v", err, oerr)
				return
			}
			if f.Vectors[0] < last {
				t.Errorf("%v was read after %v", f.Vectors[0], last)
			}
			last = f.Vectors[0]
		}
		if last != 30 {
			t.Errorf("the last one read is %v, want 30", last)
		}
	})
	for i := range 30 {
		log(i + 1)
	}
	close(done)
	reader.Wait()
}

// TestSlicesAreFree changes all that Log was given as soon as it has returned.
func TestSlicesAreFree(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 2)
	e := Epoch{
		Number:  1,
		Layers:  []Layer{{Name: "fc1", Dim: 1, Vectors: []float32{1, 2}, IDs: []string{"1", "0"}}},
		Outputs: &Outputs{Predictions: []string{"a", "b"}, Losses: []float64{1, 2}, IDs: []string{"0", "1"}},
		Metrics: Metrics{"loss": 1},
	}
	if err := r.Log(ctx, e); err != nil {
		t.Fatal(err)
	}
	e.Layers[0].Vectors[0], e.Layers[0].IDs[0], e.Outputs.Losses[0], e.Outputs.Predictions[0], e.Metrics["loss"] = 9, "0", 9, "x", 9
	e.Layers[0].Name = "changed"
	f, err := s.Frame(ctx, "cnn", "fc1", 1)
	if err != nil || f.Vectors[0] != 1 || f.IDs[0] != "1" {
		t.Errorf("Frame = %+v, %v", f, err)
	}
	if out, err := s.Outputs(ctx, "cnn", 1); err != nil || out.Losses[0] != 1 || out.Predictions[0] != "a" {
		t.Errorf("Outputs = %+v, %v", out, err)
	}
	if got := series(t, s, "loss"); got != "0:1" {
		t.Errorf("loss %s", got)
	}
}
