package projector

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/internal/brute"
	"github.com/zoetrope-ml/zoetrope/projector/umap"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// loud gives vectors one column in thousands that means nothing.
func loud(_, sample int, v []float32) { v[dim-1] = 1000 * float32(math.Sin(float64(sample))) }

// TestPreparationIsKept: what is asked of a map whose vectors were scaled or reduced is asked of those, and the answers stay
// when its run goes on.
func TestPreparationIsKept(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"standardize": func(o *Options) { o.Scale = "standardize" },
		"unit":        func(o *Options) { o.Scale = "unit" },
		"components":  func(o *Options) { o.Scale, o.PCA, o.Metric = "standardize", 3, "manhattan" },
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			c := training{name: "a", epochs: []int{1, 2}, samples: 40, classes: 4, vectors: loud, layers: []string{"fc1"}}
			run := logTraining(t, store, c)
			o := quick()
			change(&o)
			p := project(t, store, o)
			x := slices.Concat(c.epoch(1).Layers[0].Vectors, c.epoch(2).Layers[0].Vectors)
			how, err := umap.Prepare(t.Context(), x, dim, o.Scale, o.PCA, 1)
			if err != nil {
				t.Fatal(err)
			}
			if x, err = how.Apply(t.Context(), x, 1); err != nil {
				t.Fatal(err)
			}
			width := how.Columns()
			x = x[40*width:] // epoch 2
			checkPrepared(t, p, run, x, width, brute.Distances[o.Metric])

			fresh := c.epoch(3).Layers[0].Vectors[:5*dim]
			before, err := p.Transform(t.Context(), "", 2, fresh)
			if err != nil {
				t.Fatal(err)
			}
			logMore(t, store, c, 3) // of which the map knows nothing
			if after, err := p.Transform(t.Context(), "", 2, fresh); err != nil || !slices.Equal(after, before) {
				t.Errorf("when a later epoch is logged, vectors are placed at %v, %v, and before at %v", after, err, before)
			}
			checkPrepared(t, extend(t, p), run, x, width, brute.Distances[o.Metric])

			// A map of an earlier version learns what it did not keep, once.
			old := project(t, store, o)
			want, err := old.Neighbors(t.Context(), 2, "s7", 9)
			if err != nil {
				t.Fatal(err)
			}
			kept := func() (b []byte) {
				err := store.Read(t.Context(), func(tx *tracker.Tx) error {
					return tx.QueryRowContext(t.Context(), "SELECT preparation FROM projection WHERE id = ?", old.id).Scan(&b)
				})
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			as := kept()
			if err := store.Write(t.Context(), func(tx *tracker.Tx) error {
				_, err := tx.ExecContext(t.Context(), "UPDATE projection SET preparation = NULL WHERE id = ?", old.id)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if got, err := old.Neighbors(t.Context(), 2, "s7", 9); err != nil || !reflect.DeepEqual(got, want) || !slices.Equal(kept(), as) {
				t.Errorf("neighbours %v, %v, want %v", got, err, want)
			}
			if again, err := old.Refit(t.Context(), nil); err != nil || again.Info().Revision != 2 {
				t.Errorf("fitted anew: %v", err)
			}
		})
	}
}

// checkPrepared holds what is asked of epoch 2 against its prepared vectors.
func checkPrepared(t *testing.T, p *Projection, run string, x []float32, width int, distance func(a, b []float32) float64) {
	t.Helper()
	row := func(i int) []float32 { return x[i*width : (i+1)*width] }
	all, err := p.Neighborhoods(t.Context(), run, 2, 9)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range all.Samples {
		rows, dist := brute.Nearest(row(i), x, i, 9, distance)
		near, err := p.NeighborsIn(t.Context(), run, 2, id, 9)
		if err != nil {
			t.Fatal(err)
		}
		for r, v := range near {
			if v.Sample != all.Samples[rows[r]] || math.Abs(v.Distance-dist[r]) > 1e-6*dist[r] {
				t.Fatalf("neighbour %d of %s is %s at %v, want %s at %v", r, id, v.Sample, v.Distance, all.Samples[rows[r]], dist[r])
			}
		}
		if got := all.Near[i*9 : (i+1)*9]; !slices.Equal(got, rows) {
			t.Fatalf("neighbours of %s %v, want %v", id, got, rows)
		}
	}
	q, err := p.Quality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, trust, err := p.PointTrust(t.Context(), run, 2)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, v := range trust {
		sum += v
	}
	i := slices.IndexFunc(q.Epochs, func(e EpochQuality) bool { return e.Epoch == 2 })
	if mean, want := sum/float64(len(trust)), *q.Epochs[i].Trustworthiness; math.Abs(mean-want) > 1e-12 {
		t.Errorf("the points' trust is %v in the mean, the epoch's %v", mean, want)
	}
}

// TestTransformAlone: a vector's place does not depend on the others that are placed with it.
func TestTransformAlone(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: []int{1, 2}, samples: 60, classes: 3, layers: []string{"fc1"}}
	logTraining(t, store, c)
	x := c.epoch(3).Layers[0].Vectors
	x = append(x, x[:dim]...) // one twice
	copy(x[5*dim:], make([]float32, dim))
	n := len(x) / dim
	for _, mode := range Modes {
		for _, metric := range Metrics {
			o := quick()
			o.Mode, o.Metric = mode, metric
			p := project(t, store, o)
			all, err := p.Transform(t.Context(), "", 2, x)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range []int{0, 1, 5, 30, n - 1} {
				alone, err := p.Transform(t.Context(), "", 2, x[i*dim:(i+1)*dim])
				if err != nil || !slices.Equal(alone, all[2*i:2*i+2]) {
					t.Errorf("%s, %s: vector %d lies at %v alone (%v), and at %v among others", mode, metric, i, alone, err, all[2*i:2*i+2])
				}
			}
		}
	}
	p := project(t, store, quick())
	if got, err := p.Columns(t.Context()); err != nil || got != dim {
		t.Errorf("%d columns, %v, want %d", got, err, dim)
	}
	if err := Delete(t.Context(), store, p.Info().ID); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Transform(t.Context(), "", 2, x); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
}
