package projector

import (
	"math"
	"reflect"
	"runtime"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/measure"
	"github.com/zoetrope-ml/zoetrope/projector/paced"
	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

// TestZeroWorkers: whatever takes a number of workers takes 0 for GOMAXPROCS, and finds what one worker finds.
func TestZeroWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	if got := vec.Workers(0); got != 3 {
		t.Errorf("0 workers are %d, want GOMAXPROCS, 3", got)
	}
	ctx := t.Context()
	const n, dim = 3000, 6
	x, y := make([]float32, n*dim), make([]float32, n*2)
	for i := range x {
		x[i] = float32(random.Normal(1, uint64(i/dim), uint64(i%dim)) * math.Pow(0.7, float64(i%dim)))
	}
	for i := range y {
		y[i] = x[i/2*dim+i%2]
	}
	frame := measure.Frame{X: x, Dim: dim, Y: y, Dims: 2}
	for i := range n {
		frame.Samples = append(frame.Samples, i)
	}
	check := must(t)
	knn := check(space.Neighbors(ctx, x, dim, space.NeighborOptions{NNeighbors: 6, Metric: "euclidean"}, nil)).(*space.KNN)
	v := check(umap.Memberships(ctx, knn, 1, 0)).([]float32)
	g := check(umap.FuzzyUnion(ctx, knn, v, 1, 0)).(*umap.Graph)
	a, b := umap.FitCurve(0.1, 1)
	layout := func(workers int) umap.LayoutOptions {
		return umap.LayoutOptions{A: a, B: b, NEpochs: 5, LearningRate: 1, NegativeSampleRate: 5, RepulsionStrength: 1, Workers: workers}
	}
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{1, 2, 3}, samples: 60, classes: 2})
	for name, enter := range map[string]func(workers int) any{
		"space.Neighbors": func(workers int) any {
			return check(space.Neighbors(ctx, x, dim, space.NeighborOptions{NNeighbors: 6, Metric: "cosine", Workers: workers}, nil))
		},
		"space.Neighbors, pair by pair": func(workers int) any {
			return check(space.Neighbors(ctx, x, dim, space.NeighborOptions{NNeighbors: 6, Metric: "manhattan", Workers: workers}, nil))
		},
		"space.Index": func(workers int) any {
			ix := check(space.NewIndex(x, dim, "euclidean", workers)).(*space.Index)
			return []any{check(ix.Neighbors(ctx, x[:40*dim], 3, workers, nil)), check(ix.Others(ctx, []int{1, 5, 9}, 3, workers, nil))}
		},
		"space.PCA":           func(workers int) any { return check(space.PCA(ctx, x, dim, 2, workers)) },
		"space.PrincipalAxes": func(workers int) any { return check(space.PrincipalAxes(ctx, x, dim, 2, workers)) },
		"umap.Memberships":    func(workers int) any { return check(umap.Memberships(ctx, knn, 1, workers)) },
		"umap.FuzzyUnion":     func(workers int) any { return check(umap.FuzzyUnion(ctx, knn, v, 1, workers)) },
		"umap.Unite":          func(workers int) any { return check(umap.Unite(ctx, g, g, workers)) },
		"umap.Directed":       func(workers int) any { return check(umap.Directed(ctx, knn, v, workers)) },
		"umap.Spectral":       func(workers int) any { return check(umap.Spectral(ctx, g, x, dim, 2, 1, workers)) },
		"umap.Prepare": func(workers int) any {
			p := check(umap.Prepare(ctx, x, dim, "standardize", 3, workers)).(*umap.Preparation)
			return check(p.Apply(ctx, x, workers))
		},
		"umap.Layout": func(workers int) any {
			at := append([]float32(nil), y...)
			return check(at, umap.Layout(ctx, at, 2, g, layout(workers), nil))
		},
		"umap.Place": func(workers int) any {
			at := make([]float32, len(y))
			return check(at, umap.Place(ctx, at, y, 2, g, umap.PlaceOptions{LayoutOptions: layout(workers)}, nil))
		},
		"umap.Fit": func(workers int) any {
			o := umap.Defaults()
			o.NNeighbors, o.NEpochs, o.Workers = 6, 5, workers
			return check(umap.Fit(ctx, x, dim, o, nil)).(*umap.Model).Embedding
		},
		"measure.Compute": func(workers int) any {
			return check(measure.Compute(ctx, [][]measure.Frame{{frame}}, measure.Options{Workers: workers}))
		},
		"measure.PointTrust": func(workers int) any {
			return check(measure.PointTrust(ctx, frame, measure.Options{Workers: workers}))
		},
		"paced.Film": func(workers int) any {
			rows := paced.Rows{X: x[:600*dim], Dim: dim}
			for i := range int32(600) {
				rows.Epoch, rows.Sample = append(rows.Epoch, i/200), append(rows.Sample, i%200)
			}
			film := check(paced.New(ctx, rows, paced.Options{Dims: 2, Metric: "euclidean", Travel: 0.5, Workers: workers})).(*paced.Film)
			at := append([]float32(nil), y[:1200]...)
			check(nil, film.Begin(ctx, at, 1))
			return check(at, film.Pass(ctx, at, 1))
		},
		"Project": func(workers int) any {
			o := quick()
			o.Workers = workers
			p := check(Project(ctx, store, nil, o, nil)).(*Projection)
			return check(p.Coordinates(ctx, Query{AllEpochs: true}))
		},
	} {
		if zero, one := enter(0), enter(1); !reflect.DeepEqual(zero, one) {
			t.Errorf("%s: 0 workers find something else than 1", name)
		}
	}
}

// must returns a function that takes a result and its error, which ends the test.
func must(t *testing.T) func(v any, err error) any {
	return func(v any, err error) any {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
