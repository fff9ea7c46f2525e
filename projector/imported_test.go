package projector

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// givenRun is a run of three samples at the epochs 0 and 1, with vectors of two columns if they are asked for.
func givenRun(t *testing.T, vectors bool) *tracker.Store {
	t.Helper()
	ctx := t.Context()
	store, err := tracker.Open(ctx, filepath.Join(t.TempDir(), "a.db"), tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	run, err := store.Start(ctx, tracker.RunConfig{Name: "r"})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.AddSamples(ctx, []tracker.Sample{{ID: "a", Label: "x"}, {ID: "b", Label: "y"}, {ID: "c", Label: "x"}}); err != nil {
		t.Fatal(err)
	}
	for e := range 2 {
		epoch := tracker.Epoch{Number: e}
		if vectors {
			epoch.Layers = []tracker.Layer{{Name: "fc", Dim: 2, Vectors: []float32{0, float32(e), 1, 0, 5, 5}}}
		}
		if err := run.Log(ctx, epoch); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	return store
}

func TestGivenWithAndWithoutVectors(t *testing.T) {
	for _, vectors := range []bool{false, true} {
		store := givenRun(t, vectors)
		placed := []Coordinates{
			{Epoch: 0, Coordinates: []float32{0, 0, 1, 0, 5, 5}},
			{Epoch: 1, Samples: []string{"c", "a", "b"}, Coordinates: []float32{5, 5, 0, 1, 1, 0}},
		}
		p, err := Given(t.Context(), store, "r", "", 2, placed, nil)
		if err != nil {
			t.Fatal(err)
		}
		if i := p.Info(); i.Method != MethodGiven || i.Points != 6 || i.Dims != 2 || (i.Layer == "fc") != vectors {
			t.Errorf("vectors %v: %+v", vectors, i)
		}
		again, err := Open(t.Context(), store, p.Info().ID)
		if err != nil {
			t.Fatal(err)
		}
		pts, err := again.Points(t.Context(), Query{Epoch: 1})
		if err != nil || len(pts) != 3 || pts[0].Sample != "a" || pts[0].X != 0 || pts[0].Y != 1 || pts[2].X != 5 || pts[2].Label != "x" {
			t.Errorf("points %+v, %v", pts, err)
		}
		if epochs, err := again.Epochs(t.Context(), "r"); err != nil || len(epochs) != 2 {
			t.Errorf("Epochs = %v, %v", epochs, err)
		}
		for name, measure := range map[string]func() (*Quality, error){
			"stored": func() (*Quality, error) { return again.Quality(t.Context()) },
			"anew":   func() (*Quality, error) { return again.measureAgain(t.Context(), true) },
		} {
			q, err := measure()
			if err != nil {
				t.Fatal(err)
			}
			compared := q.TrustEpoch != nil && q.SilXLast != nil && q.Epochs[0].Original.Silhouette != nil && q.Transitions[0].Original.CKA != nil
			nothing := q.TrustEpoch == nil && q.KNN15 == nil && q.SilXLast == nil && q.Motion == nil && q.PurityGap == nil &&
				q.Epochs[0].Trustworthiness == nil && q.Epochs[0].Original.Silhouette == nil && q.Transitions[0].Original.CKA == nil
			if vectors && !compared || !vectors && !nothing || q.SilLast == nil || q.Displacement == nil {
				t.Errorf("vectors %v, %s: %+v", vectors, name, q)
			}
		}
		if _, err := again.Extend(t.Context(), nil); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "was computed elsewhere") {
			t.Errorf("Extend = %v", err)
		}
	}
}

func TestGivenRefuses(t *testing.T) {
	store := givenRun(t, false)
	three := []float32{0, 0, 1, 0, 5, 5}
	nan := []float32{0, 0, float32(math.NaN()), 0, 5, 5}
	for _, test := range []struct {
		name   string
		dims   int
		placed []Coordinates
		is     error
		want   string
	}{
		{"four dimensions", 4, []Coordinates{{Coordinates: three}}, ErrOptions, "4 dimensions, want 2 or 3"},
		{"nothing", 2, nil, ErrOptions, "there are no places"},
		{"unknown epoch", 2, []Coordinates{{Epoch: 9, Coordinates: three}}, tracker.ErrNotFound, "no epoch 9"},
		{"epoch twice", 2, []Coordinates{{Coordinates: three}, {Coordinates: three}}, ErrOptions, "epoch 0 is placed twice"},
		{"too few", 2, []Coordinates{{Coordinates: three[:4]}}, ErrOptions, "has 4 coordinates, want 2 for each of 3 samples"},
		{"unknown sample", 2, []Coordinates{{Samples: []string{"z"}, Coordinates: three[:2]}}, tracker.ErrNotFound, `sample "z"`},
		{"sample twice", 2, []Coordinates{{Samples: []string{"a", "a"}, Coordinates: three[:4]}}, ErrOptions, `sample "a" is placed twice`},
		{"NaN", 2, []Coordinates{{Coordinates: nan}}, ErrOptions, `the place of sample "b" is NaN`},
	} {
		_, err := Given(t.Context(), store, "r", "", test.dims, test.placed, nil)
		if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	if list, err := List(t.Context(), store, ""); err != nil || len(list) != 0 {
		t.Errorf("%d projections are stored, %v", len(list), err)
	}
	if _, err := Given(t.Context(), store, "r", "fc", 2, []Coordinates{{Coordinates: three}}, nil); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("a layer that is not there: %v", err)
	}
}
