package tracker

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// logged logs an epoch of one number per sample, with outputs and metrics that depend on salt.
func logged(t testing.TB, r *Run, epoch, n int, salt float64) {
	t.Helper()
	vectors, losses := make([]float32, n), make([]float64, n)
	for i := range n {
		vectors[i], losses[i] = float32(epoch)+float32(salt), salt
	}
	err := r.Log(context.Background(), Epoch{
		Number: epoch, Step: 100 * epoch,
		Layers:  []Layer{{Name: "fc1", Dim: 1, Vectors: vectors}},
		Outputs: &Outputs{Losses: losses},
		Metrics: Metrics{"loss": salt},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func numbers(t testing.TB, s *Store, run string) []int {
	t.Helper()
	epochs, err := s.Epochs(context.Background(), run)
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for _, e := range epochs {
		list = append(list, e.Number)
	}
	return list
}

func TestEpochsInAnyOrder(t *testing.T) {
	s := newStore(t)
	r := newRun(t, s, "cnn", 3)
	for _, e := range []int{5, 0, 3, 1} {
		logged(t, r, e, 3, 0)
	}
	if got := numbers(t, s, "cnn"); !slices.Equal(got, []int{0, 1, 3, 5}) {
		t.Errorf("epochs %v, want 0 1 3 5", got)
	}
	_, err := s.Frame(context.Background(), "cnn", "", 2)
	if !errors.Is(err, ErrNotFound) || err.Error() != "run test/cnn has no epoch 2: it has 4, from 0 to 5" {
		t.Errorf("Frame of a missing epoch: %v", err)
	}
}

func TestReplaceEpoch(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 300)
	for e := 1; e <= 3; e++ {
		logged(t, r, e, 300, 0)
	}
	before, err := s.Changes(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	logged(t, r, 2, 300, 0.5)
	f, err := s.Frame(ctx, "cnn", "", 2)
	if err != nil || len(f.Vectors) != 300 || f.Vectors[299] != 2.5 {
		t.Errorf("replaced frame: %v…, %v", f.Vectors[:1], err)
	}
	out, err := s.Outputs(ctx, "cnn", 2)
	if err != nil || len(out.Losses) != 300 || out.Losses[0] != 0.5 {
		t.Errorf("replaced outputs: %v", err)
	}
	ms, err := s.Metrics(ctx, "cnn", "loss")
	if err != nil || len(ms) != 3 || ms[1].Value != 0.5 || ms[1].Step != 200 {
		t.Errorf("metrics %+v, %v", ms, err)
	}
	c, err := s.Changes(ctx, before.Cursor)
	if err != nil || len(c.Epochs) != 1 || c.Epochs[0].Number != 2 || c.Cut != nil {
		t.Errorf("changes %+v, %v", c, err)
	}

	// The whole epoch is replaced: what the new one does not have is gone, and the only frame of a layer may change its columns.
	if err := r.Log(ctx, Epoch{Number: 9, Layers: []Layer{{Name: "fc2", Dim: 2, Vectors: make([]float32, 600)}}, Metrics: Metrics{"x": 1}}); err != nil {
		t.Fatal(err)
	}
	if err := r.Log(ctx, Epoch{Number: 9, Layers: []Layer{{Name: "fc2", Dim: 4, Vectors: make([]float32, 1200)}}}); err != nil {
		t.Fatal(err)
	}
	if ms, err := s.Metrics(ctx, "cnn", "x"); len(ms) != 0 || err != nil {
		t.Errorf("metrics of the replaced epoch: %+v, %v", ms, err)
	}
	if out, err := s.Outputs(ctx, "cnn", 9); out.IDs != nil || err != nil {
		t.Errorf("outputs of an epoch without: %+v, %v", out, err)
	}
	// A refused replacement leaves what was there.
	bad := []float32{float32(math.NaN())}
	if err := r.Log(ctx, Epoch{Number: 9, Layers: []Layer{{Name: "fc2", Dim: 1, Vectors: bad, IDs: []string{"0"}}}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("Log = %v, want ErrInvalid", err)
	}
	if f, err := s.Frame(ctx, "cnn", "fc2", 9); f.Dim != 4 || err != nil {
		t.Errorf("frame after a refusal: %+v, %v", f, err)
	}
}

func TestTruncateAfter(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 3)
	for e := 1; e <= 4; e++ {
		if err := r.LogMetrics(ctx, 100*e-50, Metrics{"batch": float64(e)}); err != nil { // during epoch e
			t.Fatal(err)
		}
		logged(t, r, e, 3, 0)
	}
	before, err := s.Changes(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.TruncateAfter(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if got := numbers(t, s, "cnn"); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("epochs %v, want 1 2", got)
	}
	ms, err := s.Metrics(ctx, "cnn")
	if err != nil || len(ms) != 4 || ms[1].Step != 150 || ms[3].Epoch != 2 {
		t.Errorf("metrics %+v, %v", ms, err)
	}
	for _, table := range []string{"frame", "chunk", "output"} {
		var rows, want int = 0, 2
		if table == "output" {
			want = 6
		}
		if err := reader(s).QueryRow("SELECT count(*) FROM " + table).Scan(&rows); rows != want || err != nil {
			t.Errorf("%d rows of %s are left, want %d", rows, table, want)
		}
	}
	c, err := s.Changes(ctx, before.Cursor)
	if err != nil || !slices.Equal(c.Cut, []string{r.ID()}) || c.Epochs != nil {
		t.Errorf("changes %+v, %v", c, err)
	}
	if err := r.LogMetrics(ctx, 250, Metrics{"batch": 33}); err != nil {
		t.Fatal(err)
	}
	if ms, _ := s.Metrics(ctx, "cnn", "batch"); ms[2].Epoch != 3 {
		t.Errorf("after truncation a metric belongs to epoch %d, want 3", ms[2].Epoch)
	}
}

func TestLayerByName(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 1)
	v := []float32{1}
	if err := r.Log(ctx, Epoch{Number: 1, Layers: []Layer{{Name: "b", Dim: 1, Vectors: v}, {Name: "a", Dim: 1, Vectors: v}}}); err != nil {
		t.Fatal(err)
	}
	if err := r.Log(ctx, Epoch{Number: 2}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		layer string
		epoch int
		is    error
		want  string
	}{
		{"", 1, ErrAmbiguous, "name one of them: b, a"},
		{"c", 1, ErrNotFound, `no layer "c" at epoch 1: it has b, a`},
		{"", 2, ErrNotFound, "no vectors at epoch 2"},
	} {
		if _, err := s.Frame(ctx, "cnn", test.layer, test.epoch); !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Frame(%q, %d) = %v, want %v with %q", test.layer, test.epoch, err, test.is, test.want)
		}
	}
}

func TestLogCancelled(t *testing.T) {
	s := newStore(t)
	r := newRun(t, s, "cnn", 3)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Log(ctx, Epoch{Number: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("Log = %v, want context.Canceled", err)
	}
	if got := numbers(t, s, "cnn"); got != nil {
		t.Errorf("epochs %v, want none", got)
	}
	if err := r.Finish(ctx); err != nil {
		t.Errorf("Finish with a cancelled context: %v", err)
	}
	if info, err := s.Run(context.Background(), "cnn"); info.State != Finished || info.Ended.IsZero() || err != nil {
		t.Errorf("run %+v, %v", info, err)
	}
}
