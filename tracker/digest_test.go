package tracker

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// TestDigest: a frame that is logged again has another digest exactly if its samples or vectors are others.
func TestDigest(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "a", 4)
	vectors := []float32{1, 2, 3, 4, 5, 6, 7, 8}
	ids := []string{"0", "1", "2", "3"}
	log := func(layers ...Layer) Digest {
		t.Helper()
		if err := r.Log(ctx, Epoch{Number: 7, Layers: layers}); err != nil {
			t.Fatal(err)
		}
		f, err := s.Frame(ctx, "a", "fc1", 7)
		if err != nil {
			t.Fatal(err)
		}
		found, err := s.Digests(ctx, "a", "fc1", []int{6, 7})
		if err != nil || len(found) != 1 || found[7] != f.Digest {
			t.Errorf("Digests = %v, %v, want that of the frame", found, err)
		}
		return f.Digest
	}
	first := log(Layer{Name: "fc1", Dim: 2, Vectors: vectors})
	other := slices.Clone(vectors)
	other[5] = 9
	for _, c := range []struct {
		name   string
		layers []Layer
		same   bool
	}{
		{"again", []Layer{{Name: "fc1", Dim: 2, Vectors: vectors}}, true},
		{"with ids", []Layer{{Name: "fc1", Dim: 2, Vectors: vectors, IDs: ids}}, true},
		{"beside another layer", []Layer{{Name: "fc2", Dim: 2, Vectors: other}, {Name: "fc1", Dim: 2, Vectors: vectors}}, true},
		{"one value", []Layer{{Name: "fc1", Dim: 2, Vectors: other}}, false},
		{"other samples", []Layer{{Name: "fc1", Dim: 2, Vectors: vectors, IDs: []string{"1", "0", "2", "3"}}}, false},
		{"some samples", []Layer{{Name: "fc1", Dim: 2, Vectors: vectors[:6], IDs: ids[:3]}}, false},
		{"other columns", []Layer{{Name: "fc1", Dim: 4, Vectors: vectors, IDs: ids[:2]}}, false},
	} {
		if got := log(c.layers...); (got == first) != c.same {
			t.Errorf("%s: the digest is the same: %v, want %v", c.name, got == first, c.same)
		}
	}
	if _, err := s.Digests(ctx, "b", "fc1", []int{7}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such run: %v", err)
	}
	if none, err := s.Digests(ctx, "a", "fc3", []int{7}); err != nil || len(none) != 0 {
		t.Errorf("no such layer: %v, %v", none, err)
	}
	if err := r.Finish(ctx); err != nil {
		t.Fatal(err)
	}
}
