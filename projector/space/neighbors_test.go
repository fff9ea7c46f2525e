package space

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/internal/brute"
)

func TestNeighborsAreTheNearest(t *testing.T) {
	for _, c := range []struct {
		name      string
		x         []float32
		dim, near int
	}{
		{"blobs", blobs(700, 9, 3, 1), 9, 15},
		{"one column", blobs(500, 1, 3, 2), 1, 6},
		{"far from the origin", shifted(blobs(600, 5, 2, 3), 1e5), 5, 10},
		{"tight blobs far apart", spaced(blobs(600, 5, 1, 4), 5, 1e6), 5, 10},
		{"ties", grid(400), 2, 9},
		{"all rows", blobs(40, 3, 1, 5), 3, 40},
	} {
		knn, err := Neighbors(ctx, c.x, c.dim, NeighborOptions{NNeighbors: c.near, Metric: "euclidean"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if knn.K != c.near-1 {
			t.Fatalf("%s: %d neighbours, want %d", c.name, knn.K, c.near-1)
		}
		for i := range knn.N {
			want, _ := brute.Nearest(c.x[i*c.dim:(i+1)*c.dim], c.x, i, knn.K, brute.Squared)
			for r, j := range want {
				if got := knn.Index[i*knn.K+r]; got != j {
					t.Fatalf("%s: neighbour %d of row %d = %d, want %d", c.name, r, i, got, j)
				}
			}
		}
	}
}

func shifted(x []float32, by float32) []float32 {
	for i := range x {
		x[i] += by
	}
	return x
}

// spaced moves every other row away, by so much that products cannot tell
// rows of one half apart.
func spaced(x []float32, dim int, by float32) []float32 {
	for i := range x {
		if i/dim%2 == 1 {
			x[i] += by
		}
	}
	return x
}

// grid has many equal distances and, at its end, equal rows.
func grid(n int) []float32 {
	var x []float32
	for i := range n {
		x = append(x, float32(min(i, n-30)%20), float32(min(i, n-30)/20))
	}
	return x
}

func TestNeighborsMetrics(t *testing.T) {
	x := []float32{1, 0, 0, 2, 0, 0, 0, 3, 0, 1, 1, 0, 0, 0, 0}
	for _, c := range []struct {
		metric string
		row    int
		index  []int32
		dist   []float32
	}{
		{"euclidean", 0, []int32{1, 3, 4, 2}, []float32{1, 1, 1, float32(math.Sqrt(10))}},
		{"cosine", 0, []int32{1, 3, 2, 4}, []float32{0, float32(1 - math.Sqrt(0.5)), 1, 1}},
		{"cosine", 3, []int32{0, 1, 2, 4}, []float32{float32(1 - math.Sqrt(0.5)), float32(1 - math.Sqrt(0.5)), float32(1 - math.Sqrt(0.5)), 1}},
		{"correlation", 0, []int32{1, 3, 4, 2}, []float32{0, 0.5, 1, 1.5}},
	} {
		knn, err := Neighbors(ctx, x, 3, NeighborOptions{NNeighbors: 5, Metric: c.metric}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := knn.Index[c.row*4 : c.row*4+4]; !slices.Equal(got, c.index) {
			t.Errorf("%s: neighbours of row %d = %v, want %v", c.metric, c.row, got, c.index)
		}
		for r, want := range c.dist {
			if got := knn.Dist[c.row*4+r]; math.Abs(float64(got-want)) > 1e-6 {
				t.Errorf("%s: distance %d of row %d = %v, want %v", c.metric, r, c.row, got, want)
			}
		}
	}
}

// blobs are k Gaussian clouds of unit spread, far apart; row i is of blob i%k.
func blobs(n, dim, k int, seed uint64) []float32 {
	x, centre := make([]float32, n*dim), make([]float64, k*dim)
	own := rand.New(rand.NewPCG(seed, 1))
	common := rand.New(rand.NewPCG(7, 2)) // so that blobs of other seeds lie where these do
	for i := range centre {
		centre[i] = common.NormFloat64()
	}
	for i := range n {
		for j := range dim {
			x[i*dim+j] = float32(own.NormFloat64() + 20*centre[i%k*dim+j])
		}
	}
	return x
}
