package umap

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/internal/eigen"
	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/space"
	"gonum.org/v1/gonum/mat"
)

// path returns the graph of n rows in a line, each joined to the next with weight 1.
func path(n int) *Graph {
	g := &Graph{Start: []int{0}}
	for i := range n {
		for _, j := range []int{i - 1, i + 1} {
			if j >= 0 && j < n {
				g.Col, g.Weight = append(g.Col, int32(j)), append(g.Weight, 1)
			}
		}
		g.Start = append(g.Start, len(g.Col))
	}
	return g
}

// A long curve has eigenvalues that differ by no more than some 1/n² from the one that is left aside.
func TestSpectralUnfoldsCurves(t *testing.T) {
	for _, n := range []int{100, 2000, 50000} {
		y, err := Spectral(ctx, path(n), make([]float32, n), 1, 2, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Spectral(ctx, path(n), make([]float32, n), 1, 2, 1, 3); err != nil || !slices.Equal(y, again) {
			t.Fatalf("n = %d: three workers find other eigenvectors than one (%v)", n, err)
		}
		for k := range 2 { // the eigenvectors of a path are √degree·cos(π·k·i/(n−1)), k = 1, 2
			want, sign := make([]float64, n), 0.0
			for i := range want {
				want[i] = math.Cos(math.Pi * float64((k+1)*i) / float64(n-1))
				if i == 0 || i == n-1 {
					want[i] /= math.Sqrt2
				}
				sign += want[i] * float64(y[2*i+k])
			}
			for i, v := range want {
				got, v := float64(y[2*i+k]), math.Copysign(v, v*sign) // each column is scaled as the larger of them is
				if math.Abs(got-v) > 0.01 {
					t.Fatalf("n = %d: row %d has %.4f on axis %d, want %.4f", n, i, got, k, v)
				}
			}
		}
	}
}

// Graphs with a hub, with weights from 1e-6 to 1 and with a bridge: the eigenvalues are those of a dense solver.
func TestSpectralOfOddGraphs(t *testing.T) {
	const n = 400
	type link struct{ a, b int }
	build := func(n int, edges map[link]float32) *Graph {
		rows := make([]map[int32]float32, n)
		for i := range rows {
			rows[i] = map[int32]float32{}
		}
		for l, w := range edges {
			rows[l.a][int32(l.b)], rows[l.b][int32(l.a)] = w, w
		}
		g := &Graph{Start: []int{0}}
		for _, row := range rows {
			for _, j := range slices.Sorted(maps.Keys(row)) {
				g.Col, g.Weight = append(g.Col, j), append(g.Weight, row[j])
			}
			g.Start = append(g.Start, len(g.Col))
		}
		return g
	}
	star, comb, bridge := map[link]float32{}, map[link]float32{}, map[link]float32{}
	for i := 1; i < n; i++ {
		star[link{0, i}] = 1
		star[link{i, i%(n-1) + 1}] = float32(0.01 * random.Unit(random.Draw(3, 1, uint64(i))))
		comb[link{i - i%10, i}] = 1
		comb[link{i, i - 1}] = float32(math.Pow(10, -6*random.Unit(random.Draw(3, 2, uint64(i)))))
		if i%(n/2) != 0 {
			bridge[link{i, i - 1}] = 1
		}
		if j := int(n * random.Unit(random.Draw(3, 3, uint64(i)))); j/(n/2) == i/(n/2) && j != i {
			bridge[link{i, j}] = 0.5
		}
	}
	bridge[link{10, n - 10}] = 1e-5
	delete(comb, link{0, 0})
	for name, edges := range map[string]map[link]float32{"star": star, "comb": comb, "bridge": bridge} {
		for l := range edges {
			if l.a == l.b {
				delete(edges, l)
			}
		}
		g := build(n, edges)
		if parts := len(g.Components()); parts != 1 {
			t.Fatalf("%s: %d components", name, parts)
		}
		y, err := Spectral(ctx, g, make([]float32, n), 1, 2, 1, 2)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p, err := newNormalized(ctx, g, 1)
		if err != nil {
			t.Fatal(err)
		}
		dense := mat.NewSymDense(n, nil)
		for i := range n {
			dense.SetSym(i, i, 1)
			for e := g.Start[i]; e < g.Start[i+1]; e++ {
				dense.SetSym(i, int(g.Col[e]), -float64(g.Weight[e])/(p.root[i]*p.root[g.Col[e]]))
			}
		}
		var solver mat.EigenSym
		if !solver.Factorize(dense, false) {
			t.Fatal("the dense solver fails")
		}
		values := solver.Values(nil)
		for k := range 2 {
			v, av := make([]float64, n), make([]float64, n)
			for i := range v {
				v[i] = float64(y[2*i+k])
			}
			p.multiply(av, v)
			if got, want := eigen.Dot(v, av)/eigen.Dot(v, v), values[k+1]; math.Abs(got-want) > 0.01*want {
				t.Errorf("%s: eigenvalue %d = %.6g, want %.6g", name, k, got, want)
			}
			if c := eigen.Dot(v, p.first) / math.Sqrt(eigen.Dot(v, v)); math.Abs(c) > 1e-5 {
				t.Errorf("%s: eigenvector %d leans to the one left aside: %v", name, k, c)
			}
		}
	}
}

func TestSpectralStopsWithItsContext(t *testing.T) {
	stopped, stop := context.WithCancel(ctx)
	stop()
	if _, err := Spectral(stopped, path(5000), make([]float32, 5000), 1, 2, 1, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	if _, err := spacing(stopped, make([]float32, 20000), 2, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("spacing: got %v, want that it was cancelled", err)
	}
}

func TestSpacing(t *testing.T) {
	for _, dims := range []int{2, 3} {
		place := make([]float32, 1000*dims)
		for i := range place {
			place[i] = float32(math.Round(300*random.Unit(random.Draw(1, uint64(dims), uint64(i)))) / 10) // some coincide along an axis
		}
		copy(place[:dims], place[dims:2*dims]) // and two altogether
		got, err := spacing(ctx, place, dims, 3)
		if err != nil {
			t.Fatal(err)
		}
		for a := range got {
			near := math.Inf(1)
			for b := range got {
				if a != b {
					sum := 0.0
					for d := range dims {
						v := float64(place[a*dims+d] - place[b*dims+d])
						sum += v * v
					}
					near = min(near, math.Sqrt(sum))
				}
			}
			if want := max(near/2, 1e-3); math.Abs(float64(got[a])-want) > 1e-5*want {
				t.Fatalf("%d dims: room at %d = %v, want %v", dims, a, got[a], want)
			}
		}
	}
}

// Principal components and eigenvectors belong to the data: another seed must not mirror or turn the map.
func TestStartDoesNotDependOnTheSeed(t *testing.T) {
	x := blobs(2000, 8, 3, 2)
	for i := range x {
		x[i] += float32(0.3 * random.Normal(5, 1, uint64(i)))
	}
	for _, init := range []string{"pca", "spectral"} {
		o := Defaults()
		o.Init = init
		knn, err := space.Neighbors(ctx, x, 8, space.NeighborOptions{NNeighbors: 60, Metric: "euclidean"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := Memberships(ctx, knn, 1, 0)
		g, _ := FuzzyUnion(ctx, knn, v, 1, 0)
		var first []float32
		for seed := range uint64(4) {
			o.Seed = seed
			y, err := Start(ctx, x, 8, g, o)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = y
			}
			for i, c := range y {
				if math.Abs(float64(c-first[i])) > 0.01 { // the noise
					t.Fatalf("%s, seed %d: row %d lies at %v, and with seed 0 at %v", init, seed, i/2, c, first[i])
				}
			}
		}
	}
}
