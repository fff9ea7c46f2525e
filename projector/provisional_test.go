package projector

import (
	"errors"
	"reflect"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

func TestProvisional(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: []int{1}, samples: 50, classes: 2, layers: []string{"fc1"}}
	logTraining(t, store, c)
	p, err := OpenProvisional(t.Context(), store, "", "")
	if err != nil {
		t.Fatal(err)
	}
	first, err := p.Coordinates(t.Context(), 1)
	if err != nil || len(first.Samples) != 50 || len(first.Coordinates) != 100 || p.Epoch() != 1 || p.Layer() != "fc1" {
		t.Fatalf("%d samples, %d coordinates, plane of epoch %d of %s, %v", len(first.Samples), len(first.Coordinates), p.Epoch(), p.Layer(), err)
	}
	r, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: "a", Resume: tracker.Must})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Log(t.Context(), c.epoch(2)), r.Finish(t.Context())); err != nil {
		t.Fatal(err)
	}
	// Whoever looks now sees epoch 1 where it was, and epoch 2 in the same place.
	late, err := OpenProvisional(t.Context(), store, p.Run(), "fc1")
	if err != nil {
		t.Fatal(err)
	}
	for epoch := 1; epoch <= 2; epoch++ {
		a, errA := p.Coordinates(t.Context(), epoch)
		b, errB := late.Coordinates(t.Context(), epoch)
		if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("epoch %d: two viewers differ, %v, %v", epoch, errA, errB)
		}
	}
	if _, err := p.Coordinates(t.Context(), 3); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("epoch 3: %v", err)
	}
}

// TestProvisionalSkipsFlatEpochs: an epoch in which all samples are equal spans no plane.
func TestProvisionalSkipsFlatEpochs(t *testing.T) {
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{0, 1}, samples: 30, vectors: func(epoch, _ int, v []float32) {
		if epoch == 0 {
			clear(v)
		}
	}})
	p, err := OpenProvisional(t.Context(), store, "a", "")
	if err != nil || p.Epoch() != 1 {
		t.Errorf("plane of epoch %d, %v, want 1", p.Epoch(), err)
	}
}
