package umap

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/internal/brute"
	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// holdOut parts the rows of x into nine tenths and one tenth, keeping i%k of a row's blob.
func holdOut(x []float32, dim int) (rest, held []float32, restAt, heldAt []int) {
	for i := range len(x) / dim {
		if row := x[i*dim : (i+1)*dim]; i%10 == 3 {
			held, heldAt = append(held, row...), append(heldAt, i)
		} else {
			rest, restAt = append(rest, row...), append(restAt, i)
		}
	}
	return rest, held, restAt, heldAt
}

func transform(t testing.TB, m *Model, x []float32) []float32 {
	t.Helper()
	y, err := m.Transform(ctx, x, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range y {
		if v-v != 0 {
			t.Fatalf("coordinate %d = %v", i, v)
		}
	}
	return y
}

func TestTransformPutsRowsIntoTheirBlobs(t *testing.T) {
	const n, dim, k = 900, 10, 7
	rest, held, restAt, heldAt := holdOut(blobs(n, dim, k, 2), dim)
	for _, metric := range space.Metrics {
		for _, dims := range []int{2, 3} {
			o := Defaults()
			if dims == 3 && metric != "euclidean" {
				continue
			}
			o.Metric, o.Dims, o.Scale, o.NEpochs = metric, dims, "standardize", 100
			m := fit(t, rest, dim, o)
			before := slices.Clone(m.Embedding)
			y := transform(t, m, held)
			if !slices.Equal(before, m.Embedding) {
				t.Errorf("%s: the map has moved", metric)
			}
			right := 0
			for i, at := range heldAt {
				near, _ := brute.Nearest(y[i*dims:(i+1)*dims], m.Embedding, -1, 10, brute.Euclidean)
				for _, j := range near {
					if restAt[j]%k == at%k {
						right++
					}
				}
			}
			if share := float64(right) / float64(10*len(heldAt)); share < 0.99 {
				t.Errorf("%s, %d dims: %.3f of the nearest on the map are of a placed row's own blob, want 0.99", metric, dims, share)
			}
		}
	}
}

func TestTransformKeepsNeighborhoods(t *testing.T) {
	// On a rolled-up plane, placed rows have the right rows about them, nearly as fitted ones have.
	x := make([]float32, 0, 3*2000)
	for i := range uint64(2000) {
		a := 4.5 * (1 + 2*random.Unit(random.Draw(9, i, 0)))
		x = append(x, float32(a*math.Cos(a)), float32(20*random.Unit(random.Draw(9, i, 1))), float32(a*math.Sin(a)))
	}
	rest, held, _, _ := holdOut(x, 3)
	o := Defaults()
	o.Init = "spectral"
	m := fit(t, rest, 3, o)
	placed := kept(rest, held, m.Embedding, transform(t, m, held))
	fitted := kept(rest, rest[:600], m.Embedding, m.Embedding[:400])
	if placed < 0.8*fitted {
		t.Errorf("placed rows keep %.3f of their nearest, fitted ones %.3f", placed, fitted)
	}
	again := transform(t, m, rest[:600])
	moved := 0.0
	for i, v := range again {
		moved += math.Abs(float64(v-m.Embedding[i])) / float64(len(again))
	}
	if moved > 0.5 {
		t.Errorf("fitted rows are placed %.2f from where they lie", moved)
	}
}

// kept is the share of the 15 rows of x (n×3) nearest to those of q that are among the nearest on the map.
func kept(x, q, y, qy []float32) float64 {
	same := 0
	for i := range len(q) / 3 {
		hi, _ := brute.Nearest(q[3*i:3*i+3], x, -1, 15, brute.Euclidean)
		lo, _ := brute.Nearest(qy[2*i:2*i+2], y, -1, 15, brute.Euclidean)
		for _, j := range hi {
			if slices.Contains(lo, j) {
				same++
			}
		}
	}
	return float64(same) / float64(5*len(q))
}

func TestTransformIsTheSameInAnyBatch(t *testing.T) {
	const dim = 7
	rest, held, _, _ := holdOut(blobs(1500, dim, 3, 1), dim)
	for _, c := range []struct {
		metric, scale string
		pca, dims     int
		local         float64
	}{{"euclidean", "none", 0, 2, 1}, {"cosine", "standardize", 0, 3, 0}, {"manhattan", "unit", 4, 2, 1.5}} {
		o := Defaults()
		o.Metric, o.Scale, o.PCA, o.Dims, o.NEpochs, o.LocalConnectivity = c.metric, c.scale, c.pca, c.dims, 40, c.local
		m := fit(t, rest, dim, o)
		want := transform(t, m, held)
		for _, workers := range []int{1, 2, 3, 8} {
			m.Options.Workers = workers
			if got := transform(t, m, held); !slices.Equal(got, want) {
				t.Errorf("%s: places differ with %d workers", c.metric, workers)
			}
		}
		for _, batch := range []int{1, 7, 100} {
			var got []float32
			for lo := 0; lo < min(len(held), 20*batch*dim); lo += batch * dim {
				got = append(got, transform(t, m, held[lo:min(lo+batch*dim, len(held))])...)
			}
			if !slices.Equal(got, want[:len(got)]) {
				t.Errorf("%s: places differ in batches of %d", c.metric, batch)
			}
		}
		turned := slices.Clone(held)
		copy(turned, held[dim:])
		copy(turned[len(turned)-dim:], held[:dim])
		if got := transform(t, m, turned); !slices.Equal(got[:len(got)-c.dims], want[c.dims:]) {
			t.Errorf("%s: places depend on the order of rows", c.metric)
		}
	}
}

func TestTransformOddInput(t *testing.T) {
	for _, c := range []struct {
		name string
		x    []float32
		dim  int
	}{
		{"one row", []float32{1, 2, 3, 4}, 4},
		{"two rows", []float32{1, 2, 3, 4, 5, 6, 7, 8}, 4},
		{"all equal", slices.Repeat([]float32{1, 2, 3, 4}, 500), 4},
		{"blobs", blobs(200, 4, 2, 1), 4},
		{"tiny", scaled(blobs(200, 4, 2, 1), 1e-30), 4},
		{"huge", scaled(blobs(200, 4, 2, 1), 1e30), 4},
	} {
		q := []float32{1, 2, 3, 4, 0, 0, 0, 0, 1e30, -1e30, 1e30, 1e-30, math.MaxFloat32, -math.MaxFloat32, 0, 1}
		for _, metric := range space.Metrics {
			o := Defaults()
			o.NEpochs, o.Metric = 30, metric
			m := fit(t, c.x, c.dim, o)
			if y := transform(t, m, q); len(y) != 8 {
				t.Errorf("%s, %s: %d coordinates, want 8", c.name, metric, len(y))
			}
			if y := transform(t, m, nil); len(y) != 0 {
				t.Errorf("%s, %s: %d coordinates of no rows", c.name, metric, len(y))
			}
		}
	}
	m := fit(t, blobs(50, 4, 2, 1), 4, Defaults())
	if _, err := m.Transform(ctx, []float32{1, 2, 3}, nil); !errors.Is(err, ErrInput) {
		t.Errorf("part of a row: error %v", err)
	}
	if _, err := m.Transform(ctx, []float32{1, 2, 3, float32(math.NaN())}, nil); !errors.Is(err, ErrInput) {
		t.Errorf("NaN: error %v", err)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := m.Transform(stopped, []float32{1, 2, 3, 4}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}

func TestPlaceWithGroupsAndNewNeighbors(t *testing.T) {
	// Two fixed clumps; of four new rows, two hang on a clump each, one on the first by way of another new row, and
	// one on nothing.
	fixed := []float32{0, 0, 1, 0, 0, 1, 30, 30, 31, 30, 30, 31}
	g := &Graph{
		Start:  []int{0, 2, 4, 5, 5},
		Col:    []int32{0, 1, 3, 4, 6},
		Weight: []float32{1, 0.5, 1, 0.5, 1},
	}
	y := StartAmong(g, fixed, 2)
	want := []float32{1. / 3, 0, 30 + 1./3, 30, 1. / 3, 0, 92. / 6, 92. / 6}
	for i, v := range y {
		if math.Abs(float64(v-want[i])) > 1e-5 {
			t.Fatalf("start = %v, want %v", y, want)
		}
	}
	a, b := FitCurve(0.1, 1)
	o := PlaceOptions{LayoutOptions: LayoutOptions{
		A: a, B: b, NEpochs: 50, LearningRate: 1, NegativeSampleRate: 5, RepulsionStrength: 1, Seed: 1,
		Group: []int32{0, 0, 0, 0, 0, 0, 0, 0, 1, 1}, GroupShare: 0.5,
	}}
	var first []float32
	for _, o.Workers = range []int{1, 2, 8} {
		z := slices.Clone(y)
		if err := Place(ctx, z, fixed, 2, g, o, nil); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = z
		}
		if !slices.Equal(z, first) {
			t.Errorf("places differ with %d workers", o.Workers)
		}
	}
	for i, clump := range []float64{0, 30, 0} {
		if d := math.Hypot(float64(first[2*i])-clump, float64(first[2*i+1])-clump); d > 12 {
			t.Errorf("row %d lies %v from its clump", i, d)
		}
	}
	for name, change := range map[string]func(o *PlaceOptions, g *Graph){
		"groups":  func(o *PlaceOptions, _ *Graph) { o.Group = o.Group[:4] },
		"group":   func(o *PlaceOptions, _ *Graph) { o.Group = slices.Repeat([]int32{99}, 10) },
		"share":   func(o *PlaceOptions, _ *Graph) { o.GroupShare = math.NaN() },
		"keys":    func(o *PlaceOptions, _ *Graph) { o.Key = []uint64{1} },
		"column":  func(_ *PlaceOptions, g *Graph) { g.Col[4] = 10 },
		"order":   func(_ *PlaceOptions, g *Graph) { g.Col[0], g.Col[1] = 1, 0 },
		"weight":  func(_ *PlaceOptions, g *Graph) { g.Weight[0] = float32(math.NaN()) },
		"starts":  func(_ *PlaceOptions, g *Graph) { g.Start[1] = 5 },
		"no rows": func(_ *PlaceOptions, g *Graph) { g.Start = nil },
	} {
		o, h := o, &Graph{slices.Clone(g.Start), slices.Clone(g.Col), slices.Clone(g.Weight)}
		change(&o, h)
		if err := Place(ctx, slices.Clone(y), fixed, 2, h, o, nil); !errors.Is(err, ErrInput) {
			t.Errorf("%s: error %v, want ErrInput", name, err)
		}
	}
}
