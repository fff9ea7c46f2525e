package projector

import (
	"context"
	"errors"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestQualityBehind: what is measured anew of a map that is behind leaves out the epochs whose vectors are no longer there.
func TestQualityBehind(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: span(1, 6), samples: 40, classes: 2, layers: []string{"fc1"}}
	logTraining(t, store, c)
	p := project(t, store, quick())
	before := exact(t, p)
	relog(t, store, c.other(2), 4, 2)
	forget := func() {
		if err := store.Write(t.Context(), func(tx *tracker.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE projection SET quality = NULL")
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	forget()
	for range 2 {
		q := exact(t, p)
		if q.Unmeasured != 3 || len(q.Epochs) != 3 || q.Epochs[1].Epoch != 3 || *q.Epochs[1].Trustworthiness != *before.Epochs[2].Trustworthiness {
			t.Errorf("measured %+v, %d left out, want epochs 1, 3, 4 as they were", q.Epochs, q.Unmeasured)
		}
	}
	for epoch, want := range map[int]bool{2: false, 3: true, 6: false} {
		if _, _, err := p.PointTrust(t.Context(), "a", epoch); (err == nil) != want || !want && !errors.Is(err, tracker.ErrNotFound) {
			t.Errorf("trust of the points of epoch %d: %v", epoch, err)
		}
	}
	// A map of an earlier version does not know what it was made from: what was logged again has changed.
	if err := store.Write(t.Context(), func(tx *tracker.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE projection_frame SET digest = NULL")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	relog(t, store, c, -1, 1)
	if b, err := p.Behind(t.Context()); err != nil || b.String() != "4 epochs: 2 changed, 2 removed" || b.What(p.Info().Runs[0], 1) != "changed" {
		t.Errorf("behind by %q, %v", b, err)
	}
	p = extend(t, p)
	if placed, err := p.frames(t.Context()); err != nil || len(placed) != 4 || stored(placed[frameKey{p.Info().Runs[0], 3}].digest) == nil {
		t.Errorf("the map knows of its frames %v, %v", placed, err)
	}
}

// TestQualityRevision: what was measured of a map is not taken for that of its next revision.
func TestQualityRevision(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: span(1, 3), samples: 40, classes: 2, layers: []string{"fc1"}}
	logTraining(t, store, c)
	old := project(t, store, quick())
	relog(t, store, c, -1, 4)
	p := extend(t, old)
	for range 2 { // before it was measured, and then
		for name, measure := range map[string]func(context.Context) (*Quality, error){"quality": old.Quality, "exact quality": old.ExactQuality} {
			if q, err := measure(t.Context()); !errors.Is(err, ErrChanged) {
				t.Errorf("%s of a map that has changed: %+v, %v", name, q, err)
			}
		}
		if q, err := p.Quality(t.Context()); err != nil || q.Revision != 2 || len(q.Epochs) != 4 {
			t.Errorf("quality %+v, %v", q, err)
		}
	}
	// As an earlier version may have left it.
	if err := store.Write(t.Context(), func(tx *tracker.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE projection SET quality = '{"revision": 1}'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if q, err := p.Quality(t.Context()); err != nil || q.Revision != 2 || len(q.Epochs) != 4 {
		t.Errorf("quality %+v, %v", q, err)
	}
}
