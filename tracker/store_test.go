package tracker

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

// newStore opens a new store on the engine that is being tested: TestMain runs everything on both.
func newStore(t testing.TB) *Store {
	t.Helper()
	return newStoreAt(t, pgtest.Store(t))
}

// newStoreAt opens a store, and makes it if there is none.
func newStoreAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), path, OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// reader and writer are the connections of a store, past transactions and their rules.
func reader(s *Store) *sql.DB {
	r, _ := s.db.Pools()
	return r
}

func writer(s *Store) *sql.DB {
	_, w := s.db.Pools()
	return w
}

// sqliteOnly skips a test of what only a file has.
func sqliteOnly(t testing.TB) {
	t.Helper()
	if pgtest.Current != nil {
		t.Skip("is about SQLite files")
	}
}

// newRun starts a run with n samples, labelled by their number modulo 10.
func newRun(t testing.TB, s *Store, name string, n int) *Run {
	t.Helper()
	ctx := context.Background()
	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: name})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddSamples(ctx, someSamples(n)); err != nil {
		t.Fatal(err)
	}
	return r
}

func someSamples(n int) []Sample {
	list := make([]Sample, n)
	for i := range list {
		list[i] = Sample{ID: fmt.Sprint(i), Label: fmt.Sprintf("Digit: %d", i%10)}
	}
	return list
}

// someVectors returns n×dim floats that depend on epoch.
func someVectors(epoch, n, dim int) []float32 {
	v := make([]float32, n*dim)
	for i := range v {
		v[i] = float32(epoch) + float32(i%1000)/1000
	}
	return v
}

func TestLogAndRead(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	const n, dim = 2000, 300 // three chunks
	r := newRun(t, s, "cnn", n)
	for epoch := range 3 {
		err := r.Log(ctx, Epoch{
			Number: epoch, Step: 10 * epoch,
			Layers:  []Layer{{Name: "fc1", Dim: dim, Vectors: someVectors(epoch, n, dim)}, {Name: "some", Dim: 2, Vectors: []float32{1, 2, 3, 4}, IDs: []string{"7", "3"}}},
			Outputs: &Outputs{Predictions: make([]string, n), Losses: make([]float64, n)},
			Metrics: Metrics{"loss": float64(epoch), "nan": math.NaN(), "inf": math.Inf(-1)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.LogMetrics(ctx, 25, Metrics{"batch": 2.5}); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(ctx); err != nil {
		t.Fatal(err)
	}

	info, err := s.Run(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if info.ID != r.ID() || info.State != Finished || info.Epochs != 3 || info.LastEpoch != 2 || info.LastStep != 20 || info.Samples != n || !slices.Equal(info.Layers, []string{"fc1", "some"}) {
		t.Errorf("Run = %+v", info)
	}
	f, err := s.Frame(ctx, "cnn", "fc1", 2)
	if err != nil {
		t.Fatal(err)
	}
	if f.Dim != dim || len(f.IDs) != n || f.IDs[1999] != "1999" || !slices.Equal(f.Vectors, someVectors(2, n, dim)) {
		t.Errorf("Frame is not what was logged")
	}
	f, err = s.Frame(ctx, "test/cnn", "some", 1)
	if err != nil || !slices.Equal(f.IDs, []string{"7", "3"}) || !slices.Equal(f.Vectors, []float32{1, 2, 3, 4}) {
		t.Errorf("Frame of two samples = %+v, %v", f, err)
	}
	frames, err := s.Frames(ctx, "cnn")
	if err != nil || len(frames) != 6 || frames[5].Layer != "some" || frames[5].Epoch != 2 || frames[2].Rows != n {
		t.Errorf("Frames = %+v, %v", frames, err)
	}
	out, err := s.Outputs(ctx, "cnn", 1)
	if err != nil || len(out.IDs) != n || out.Predictions != nil || len(out.Losses) != n || out.Confidences != nil {
		t.Errorf("Outputs: %d ids, %d losses, %v", len(out.IDs), len(out.Losses), err)
	}
	ms, err := s.Metrics(ctx, "cnn", "nan", "inf", "batch")
	if err != nil || len(ms) != 7 || ms[0].Epoch != 3 || !math.IsInf(ms[1].Value, -1) || !math.IsNaN(ms[6].Value) {
		t.Errorf("Metrics = %+v, %v", ms, err)
	}
	c, err := s.Changes(ctx, 0)
	if err != nil || len(c.Runs) != 1 || len(c.Epochs) != 3 || c.Shared {
		t.Errorf("Changes = %+v, %v", c, err)
	}
	if again, err := s.Changes(ctx, c.Cursor); err != nil || again.Cursor != c.Cursor || again.Runs != nil {
		t.Errorf("Changes again = %+v, %v", again, err)
	}
	for _, view := range []string{"runs", "samples", "metrics", "vectors", "points"} {
		var count int
		if err := reader(s).QueryRow("SELECT count(*) FROM " + view).Scan(&count); err != nil {
			t.Errorf("view %s: %v", view, err)
		}
	}
}
