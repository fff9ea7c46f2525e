package tracker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestKey retries writes whose answer was lost, after other writes and from a new writer.
func TestKey(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 2)
	epoch := func(v float32) Batch {
		return Batch{Key: "e1", Epochs: []Epoch{{Number: 1, Step: 5, Layers: []Layer{{Name: "fc1", Dim: 1, Vectors: []float32{v, 2}}},
			Outputs: &Outputs{Losses: []float64{1, 2}}, Metrics: Metrics{"loss": 1}}}}
	}
	samples := Batch{Key: "s", Samples: []Sample{{ID: "0", Label: "Digit: 0"}, {ID: "late", Metadata: map[string]any{"a": 1}}}}
	metrics := Batch{Key: "m", Metrics: []StepMetrics{{7, Metrics{"batch": 1}}, {8, Metrics{"batch": 2}}}}
	var first []Receipt
	for _, b := range []Batch{epoch(1), samples, metrics} {
		got, err := r.Write(ctx, b)
		if err != nil || got.Repeated || got.Seq == 0 {
			t.Fatalf("Write = %+v, %v", got, err)
		}
		first = append(first, got)
	}
	if first[1].Added != 1 || first[1].Samples != 3 {
		t.Errorf("receipt of samples %+v, want 1 added, 3 in all", first[1])
	}
	// Without the key, the retry of epoch 1 would undo what came after.
	if err := r.Log(ctx, Epoch{Number: 1, Metrics: Metrics{"loss": 9}}); err != nil {
		t.Fatal(err)
	}
	if err := r.LogMetrics(ctx, 7, Metrics{"batch": 9}); err != nil {
		t.Fatal(err)
	}
	again := func(r *Run) {
		t.Helper()
		for i, b := range []Batch{epoch(1), samples, metrics} {
			got, err := r.Write(ctx, b)
			want := first[i]
			want.Repeated = true
			if got != want || err != nil {
				t.Errorf("Write again = %+v, %v, want %+v", got, err, want)
			}
		}
		if ms, err := s.Metrics(ctx, "cnn", "loss", "batch"); len(ms) != 3 || ms[0].Value != 9 || ms[2].Value != 9 || err != nil {
			t.Errorf("a retry has changed the metrics: %+v, %v", ms, err)
		}
	}
	again(r)
	if err := r.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Resume: Must})
	if err != nil {
		t.Fatal(err)
	}
	again(r)

	if _, err := r.Write(ctx, epoch(3)); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), `key "e1" was used for another write`) {
		t.Errorf("another write under the key: %v", err)
	}
	if _, err := r.Write(ctx, Batch{Key: strings.Repeat("k", 201)}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a long key: %v", err)
	}
	// A write that was refused leaves no key behind.
	bad := epoch(1)
	bad.Key, bad.Epochs[0].Layers[0].Dim, bad.Epochs[0].Layers[0].Vectors = "e2", 2, make([]float32, 6)
	bad.Epochs[0].Outputs, bad.Epochs[0].Number = nil, 2
	if err := r.Log(ctx, Epoch{Number: 3, Layers: []Layer{{Name: "fc1", Dim: 1, Vectors: make([]float32, 3)}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Write(ctx, bad); !errors.Is(err, ErrInvalid) {
		t.Fatalf("Write of a wrong dimension = %v", err)
	}
	if got, err := r.Write(ctx, Batch{Key: "e2", Epochs: []Epoch{{Number: 2}}}); err != nil || got.Repeated {
		t.Errorf("Write after a refusal = %+v, %v", got, err)
	}
	// Keys are forgotten in the end.
	s.now = func() time.Time { return time.Now().Add(keyMemory + time.Minute) }
	if _, err := r.Write(ctx, Batch{Key: "new"}); err != nil {
		t.Fatal(err)
	}
	var keys int
	if err := reader(s).QueryRow("SELECT count(*) FROM write_key").Scan(&keys); keys != 1 || err != nil {
		t.Errorf("%d keys are left, %v, want 1", keys, err)
	}
}

// TestBatch writes samples, the epoch that needs them and metrics, all or none.
func TestBatch(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 0)
	b := Batch{
		Samples: someSamples(2),
		Metrics: []StepMetrics{{5, Metrics{"batch": 1}}},
		Epochs:  []Epoch{{Number: 1, Layers: []Layer{{Name: "fc1", Dim: 1, Vectors: []float32{1, 2, 3}}}}},
	}
	if _, err := r.Write(ctx, b); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "epoch 1: layer \"fc1\": has 3 floats") {
		t.Errorf("Write = %v", err)
	}
	if info, err := s.Run(ctx, "cnn"); info.Samples != 0 || info.Epochs != 0 || err != nil {
		t.Errorf("after a refusal: %+v, %v", info, err)
	}
	b.Epochs[0].Layers[0].Vectors = []float32{1, 2}
	got, err := r.Write(ctx, b)
	if err != nil || got.Added != 2 || got.Samples != 2 || got.Repeated {
		t.Errorf("Write = %+v, %v", got, err)
	}
	if epochs, err := s.Epochs(ctx, "cnn"); len(epochs) != 1 || epochs[0].Seq != got.Seq || err != nil {
		t.Errorf("epochs %+v, %v, want seq %d", epochs, err, got.Seq)
	}
	if ms, err := s.Metrics(ctx, "cnn"); len(ms) != 1 || ms[0].Epoch != 1 || err != nil {
		t.Errorf("metrics %+v, %v, want them to belong to the epoch that was in training", ms, err)
	}
	logged(t, r, 2, 2, 0)
}
