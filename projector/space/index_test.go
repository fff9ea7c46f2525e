package space

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/internal/brute"
)

var ctx = context.Background()

func scaled(x []float32, by float32) []float32 {
	for i := range x {
		x[i] *= by
	}
	return x
}

func TestManhattanNeighborsAreTheNearest(t *testing.T) {
	for _, c := range []struct {
		name      string
		x         []float32
		dim, near int
	}{
		{"blobs", blobs(300, 100, 3, 1), 100, 15},
		{"one column", blobs(300, 1, 3, 2), 1, 6},
		{"far from the origin", shifted(blobs(300, 5, 2, 3), 1e5), 5, 10},
		{"tight blobs far apart", spaced(blobs(300, 40, 1, 4), 40, 1e6), 40, 10},
		{"ties", grid(400), 2, 9},
		{"all equal", make([]float32, 300), 3, 8},
		{"all rows", blobs(40, 33, 1, 5), 33, 40},
		{"huge", scaled(blobs(200, 64, 2, 6), math.MaxFloat32/100), 64, 10},
		{"tiny", scaled(blobs(200, 64, 2, 6), 1e-44), 64, 10},
	} {
		n := len(c.x) / c.dim
		for _, workers := range []int{1, 3} {
			knn, err := Neighbors(ctx, c.x, c.dim, NeighborOptions{NNeighbors: c.near, Metric: "manhattan", Workers: workers}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				rows, dist := brute.Nearest(c.x[i*c.dim:(i+1)*c.dim], c.x, i, c.near-1, brute.Manhattan)
				if got := knn.Index[i*knn.K : (i+1)*knn.K]; !slices.Equal(got, rows) {
					t.Fatalf("%s: neighbours of row %d = %v, want %v", c.name, i, got, rows)
				}
				for r, d := range dist {
					if got := knn.Dist[i*knn.K+r]; got != float32(min(d, math.MaxFloat32)) {
						t.Fatalf("%s: distance %d of row %d = %v, want %v", c.name, r, i, got, d)
					}
				}
			}
		}
	}
}

func TestIndexFindsTheNearest(t *testing.T) {
	far := blobs(60, 9, 3, 7)
	for i := range far[:90] {
		far[i] *= 1e30 // so far away that products would overflow, and all rows look alike
	}
	equal := slices.Repeat([]float32{1, 2, 3}, 500)
	for _, c := range []struct {
		name   string
		x, q   []float32
		dim, k int
	}{
		{"blobs", blobs(700, 9, 3, 1), blobs(300, 9, 3, 8), 9, 15},
		{"themselves", blobs(300, 9, 3, 1), blobs(300, 9, 3, 1), 9, 7},
		{"one row asks", blobs(2000, 9, 3, 1), blobs(1, 9, 3, 9), 9, 15},
		{"one column", blobs(500, 1, 3, 2), blobs(60, 1, 3, 3), 1, 6},
		{"far from the origin", shifted(blobs(600, 5, 2, 3), 1e5), shifted(blobs(50, 5, 2, 4), 1e5), 5, 10},
		{"tight blobs far apart", spaced(blobs(600, 5, 1, 4), 5, 1e6), spaced(blobs(50, 5, 1, 5), 5, 1e6), 5, 10},
		{"far rows ask", blobs(600, 9, 3, 7), far, 9, 10},
		{"all equal", equal, []float32{1, 2, 3, 0, 0, 1}, 3, 8},
		{"more than there are", blobs(9, 3, 1, 5), blobs(20, 3, 1, 6), 3, 40},
		{"one row", []float32{1, 2}, []float32{3, 4, 1, 2}, 2, 1},
	} {
		for metric, measure := range map[string]func(a, b []float32) float64{"euclidean": brute.Euclidean, "manhattan": brute.Manhattan, "cosine": brute.Cosine} {
			if metric == "cosine" && c.name != "blobs" && c.name != "more than there are" {
				continue // its ties depend on rounding
			}
			for _, workers := range []int{1, 2, 8} {
				ix, err := NewIndex(c.x, c.dim, metric, workers)
				if err != nil {
					t.Fatal(err)
				}
				knn, err := ix.Neighbors(ctx, c.q, c.k, workers, nil)
				if err != nil {
					t.Fatal(err)
				}
				if want := min(c.k, len(c.x)/c.dim); knn.N != len(c.q)/c.dim || knn.K != want {
					t.Fatalf("%s: %d×%d neighbours, want %d×%d", c.name, knn.N, knn.K, len(c.q)/c.dim, want)
				}
				for i := range knn.N {
					rows, dist := brute.Nearest(c.q[i*c.dim:(i+1)*c.dim], c.x, -1, c.k, measure)
					if got := knn.Index[i*knn.K : (i+1)*knn.K]; !slices.Equal(got, rows) {
						t.Fatalf("%s, %s: nearest to row %d = %v, want %v", c.name, metric, i, got, rows)
					}
					for r, d := range dist {
						if got := float64(knn.Dist[i*knn.K+r]); math.Abs(got-d) > 1e-6*(1+d) {
							t.Fatalf("%s, %s: distance %d of row %d = %v, want %v", c.name, metric, r, i, got, d)
						}
					}
				}
			}
		}
	}
}

func TestIndexRefuses(t *testing.T) {
	x := blobs(20, 3, 1, 1)
	_, none := NewIndex(nil, 3, "euclidean", 1)
	_, metric := NewIndex(x, 3, "hamming", 1)
	ix, err := NewIndex(x, 3, "euclidean", 1)
	if err != nil {
		t.Fatal(err)
	}
	_, k := ix.Neighbors(ctx, x, 0, 1, nil)
	_, part := ix.Neighbors(ctx, x[:4], 2, 1, nil)
	_, nan := ix.Neighbors(ctx, []float32{1, float32(math.NaN()), 2}, 2, 1, nil)
	for name, err := range map[string]error{"no rows": none, "metric": metric, "no neighbours": k, "part of a row": part, "NaN": nan} {
		if !errors.Is(err, ErrInput) {
			t.Errorf("%s: error %v, want ErrInput", name, err)
		}
	}
	if knn, err := ix.Neighbors(ctx, nil, 2, 1, nil); err != nil || knn.N != 0 {
		t.Errorf("no rows ask: %+v, %v", knn, err)
	}
}

// TestOthers: rows of the index ask for the nearest others.
func TestOthers(t *testing.T) {
	const n, dim = 60, 7
	for name, x := range map[string][]float32{"blobs": blobs(n, dim, 2, 6), "equal": make([]float32, n*dim)} {
		for metric, distance := range brute.Distances {
			ix, err := NewIndex(x, dim, metric, 2)
			if err != nil {
				t.Fatal(err)
			}
			rows := []int{3, 0, 59, 20}
			for _, k := range []int{1, 5, 59, 100} {
				knn, err := ix.Others(ctx, rows, k, 2, nil)
				if err != nil || knn.K != min(k, n-1) {
					t.Fatalf("%d neighbours, %v", knn.K, err)
				}
				for r, i := range rows {
					want, _ := brute.Nearest(x[i*dim:(i+1)*dim], x, i, k, distance)
					if got := knn.Index[r*knn.K : (r+1)*knn.K]; !slices.Equal(got, want) {
						t.Errorf("%s, %s: others of row %d = %v, want %v", name, metric, i, got, want)
					}
				}
			}
		}
	}
}
