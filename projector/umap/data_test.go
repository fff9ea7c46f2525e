package umap

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/internal/brute"
	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

func fitData(t testing.TB, d Data, o Options) *Model {
	t.Helper()
	m, err := FitData(ctx, d, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range m.Embedding {
		if v-v != 0 {
			t.Fatalf("coordinate %d = %v", i, v)
		}
	}
	return m
}

func TestFitFromKnownNeighbors(t *testing.T) {
	x := blobs(600, 5, 3, 1)
	o := Defaults()
	o.NEpochs = 100 // from random places, some rows need as many to find their blob
	want := fit(t, x, 5, o)
	more, err := space.Neighbors(ctx, x, 5, space.NeighborOptions{NNeighbors: 40, Metric: "euclidean"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, knn := range map[string]*space.KNN{"its own": want.Neighbors, "more": more} {
		if m := fitData(t, Data{Rows: x, Dim: 5, Neighbors: knn}, o); !slices.Equal(m.Embedding, want.Embedding) {
			t.Errorf("%s: the map differs from the one of neighbours that were found", name)
		}
	}
	for _, o.Init = range []string{"spectral", "random"} {
		m := fitData(t, Data{Neighbors: more}, o)
		if p := purity(m.Embedding, 2, 3); p < 0.99 {
			t.Errorf("neighbours alone, %s: share of nearest on the map of the same blob = %.3f, want 0.99", o.Init, p)
		}
		if _, err := m.Transform(ctx, x, nil); !errors.Is(err, ErrInput) {
			t.Errorf("a model without rows places others: error %v", err)
		}
	}
}

func TestFitFromGivenPlaces(t *testing.T) {
	x := blobs(600, 5, 3, 1)
	o := Defaults()
	first := fit(t, x, 5, o)
	o.NEpochs, o.LearningRate = 20, 0.01
	again := fitData(t, Data{Rows: x, Dim: 5, Start: first.Embedding}, o)
	for i, v := range again.Embedding {
		if d := math.Abs(float64(v - first.Embedding[i])); d > 0.5 {
			t.Fatalf("coordinate %d is %v away from where it began", i, d)
		}
	}
	if again.Embedding[0] == first.Embedding[0] {
		t.Error("nothing has moved")
	}
	o.LearningRate = 1
	fitData(t, Data{Rows: x, Dim: 5, Start: make([]float32, 1200)}, o) // all on one spot
}

func TestFitRefusesData(t *testing.T) {
	x := blobs(50, 3, 1, 1)
	knn, _ := space.Neighbors(ctx, x, 3, space.NeighborOptions{NNeighbors: 15, Metric: "euclidean"}, nil)
	changed := func(change func(k *space.KNN)) *space.KNN {
		k := &space.KNN{N: knn.N, K: knn.K, Index: slices.Clone(knn.Index), Dist: slices.Clone(knn.Dist)}
		change(k)
		return k
	}
	nan := make([]float32, 100)
	nan[7] = float32(math.NaN())
	for _, c := range []struct {
		name string
		d    Data
		set  func(o *Options)
		want string
	}{
		{"start", Data{Rows: x, Dim: 3, Start: make([]float32, 99)}, nil, "99 start coordinates were given for 50 rows of 2"},
		{"start NaN", Data{Rows: x, Dim: 3, Start: nan}, nil, "coordinate 1 of row 3 = NaN"},
		{"other rows", Data{Rows: x[:30], Dim: 3, Neighbors: knn}, nil, "neighbours of 50 rows were given for 10"},
		{"too few", Data{Rows: x, Dim: 3, Neighbors: knn.First(5)}, nil, "5 neighbours per row were given, want at least 14"},
		{"pca start", Data{Neighbors: knn}, nil, "init = pca needs the rows"},
		{"pca", Data{Neighbors: knn}, func(o *Options) { o.Init, o.PCA = "random", 2 }, "neighbours without rows"},
		{"scale", Data{Rows: x, Dim: 3}, func(o *Options) { o.Scale = "log" }, `scale = "log", want one of none, standardize, unit`},
		{"pca columns", Data{Rows: x, Dim: 3}, func(o *Options) { o.PCA = 4 }, "pca = 4, want 0 (all columns) to the number of columns (3)"},
		{"pca below 0", Data{Rows: x, Dim: 3}, func(o *Options) { o.PCA = -1 }, "pca = -1, want 0"},
		{"shape", Data{Rows: x, Dim: 3, Neighbors: changed(func(k *space.KNN) { k.K++ })}, nil, "700 neighbours and 700 distances for 50 rows of 15"},
		{"range", Data{Rows: x, Dim: 3, Neighbors: changed(func(k *space.KNN) { k.Index[3] = 50 })}, nil, "neighbour 3 of row 0 is row 50, want 0 to 49"},
		{"below range", Data{Rows: x, Dim: 3, Neighbors: changed(func(k *space.KNN) { k.Index[3] = -1 })}, nil, "neighbour 3 of row 0 is row -1, want 0 to 49"},
		{"itself", Data{Rows: x, Dim: 3, Neighbors: changed(func(k *space.KNN) { k.Index[14] = 1 })}, nil, "neighbour 0 of row 1 is the row itself"},
		{"twice", Data{Rows: x, Dim: 3, Neighbors: changed(func(k *space.KNN) { k.Index[1] = k.Index[0] })}, nil, "on its list already"},
		{"order", Data{Rows: x, Dim: 3, Neighbors: changed(func(k *space.KNN) { k.Dist[1] = 0 })}, nil, "want the nearest first"},
		{"distance NaN", Data{Rows: x, Dim: 3, Neighbors: changed(func(k *space.KNN) { k.Dist[1] = float32(math.NaN()) })}, nil, "distance 1 of row 0 is NaN"},
		{"distance Inf", Data{Rows: x, Dim: 3, Neighbors: changed(func(k *space.KNN) { k.Dist[13] = float32(math.Inf(1)) })}, nil, "distance 13 of row 0 is +Inf"},
	} {
		o := Defaults()
		if c.set != nil {
			c.set(&o)
		}
		if _, err := FitData(ctx, c.d, o, nil); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

func TestPrepare(t *testing.T) {
	const n, dim = 500, 6
	x := make([]float32, 0, n*dim)
	for i := range uint64(n) {
		a, b := 10*random.Normal(1, i, 0), 5*random.Normal(1, i, 1)
		x = append(x, float32(0.6*a+0.8*b), float32(0.8*a-0.6*b), 100, 1e-20*float32(a), 1e30*float32(b), float32(a+b))
	}
	apply := func(p *Preparation, x []float32) []float32 {
		y, err := p.Apply(ctx, x, 3)
		if err != nil {
			t.Fatal(err)
		}
		return y
	}
	prepare := func(x []float32, dim int, scale string, pca int) *Preparation {
		p, err := Prepare(ctx, x, dim, scale, pca, 2)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	y := apply(prepare(x, dim, "standardize", 0), x)
	for j := range dim {
		sum, sq := 0.0, 0.0
		for i := range n {
			sum += float64(y[i*dim+j]) / n
			sq += float64(y[i*dim+j]) * float64(y[i*dim+j]) / n
		}
		if want := map[bool]float64{true: 0, false: 1}[j == 2]; math.Abs(sum) > 1e-4 || math.Abs(sq-want) > 1e-4 {
			t.Errorf("standardised column %d has mean %v and variance %v, want 0 and %v", j, sum, sq, want)
		}
	}
	y = apply(prepare(x, dim, "unit", 0), append(slices.Clone(x), 0, 0, 0, 0, 0, 0))
	for i := range n + 1 {
		sq := 0.0
		for _, v := range y[i*dim : (i+1)*dim] {
			sq += float64(v) * float64(v)
		}
		if want := map[bool]float64{true: 0, false: 1}[i == n]; math.Abs(sq-want) > 1e-6 {
			t.Errorf("row %d has squared length %v, want %v", i, sq, want)
		}
	}
	if y := apply(prepare(x, dim, "none", 0), x); &y[0] != &x[0] {
		t.Error("no preparation copies the rows")
	}
	// The first two columns span a plane: two components keep all distances, in the rows' unit.
	plane := make([]float32, 0, 3*n)
	for i := range n {
		plane = append(plane, 50+3*x[i*dim], x[i*dim+1]-7, 3)
	}
	p := prepare(plane, 3, "", 2)
	y = apply(p, plane)
	if p.Columns() != 2 || len(y) != 2*n {
		t.Fatalf("%d columns, %d values", p.Columns(), len(y))
	}
	for i := 1; i < n; i++ {
		if a, b := brute.Euclidean(plane[:3], plane[3*i:3*i+3]), brute.Euclidean(y[:2], y[2*i:2*i+2]); math.Abs(a-b) > 1e-3*a {
			t.Fatalf("distance %v becomes %v", a, b)
		}
	}
	if _, err := p.Apply(ctx, plane[:4], 1); !errors.Is(err, ErrInput) {
		t.Errorf("part of a row: error %v", err)
	}
	tiny := prepare(scaled(slices.Clone(plane), 1e-40), 3, "standardize", 0)
	if _, err := tiny.Apply(ctx, scaled(slices.Clone(plane), 1e30), 1); !errors.Is(err, ErrInput) {
		t.Errorf("values beyond float32: error %v", err)
	}
}

func TestPreparedFitsAreTheSameForAnyNumberOfWorkers(t *testing.T) {
	x := blobs(2200, 9, 3, 1)
	for i := range x {
		if i%9 == 2 {
			x[i] *= 1e6 // one column in another unit
		}
	}
	o := Defaults()
	o.NEpochs, o.Scale, o.PCA = 30, "standardize", 4
	var want []float32
	for _, o.Workers = range []int{1, 2, 3, 8} {
		m := fit(t, x, 9, o)
		if want == nil {
			want = m.Embedding
		}
		if !slices.Equal(m.Embedding, want) {
			t.Errorf("map differs with %d workers", o.Workers)
		}
	}
	if p := purity(want, 2, 3); p < 0.99 {
		t.Errorf("share of nearest on the map of the same blob = %.3f, want 0.99", p)
	}
}

func scaled(x []float32, by float32) []float32 {
	for i := range x {
		x[i] *= by
	}
	return x
}
