package space

import "math"

// A KNN holds the nearest other rows of each of N rows. Rows of zeros aside,
// no row is its own neighbour.
type KNN struct {
	N, K  int       // K others per row, so n_neighbors - 1
	Index []int32   // N×K, nearest first
	Dist  []float32 // N×K, in the metric
}

// set records the first K of near for row i, their distances by f.
func (knn *KNN) set(i int, near []neighbor, f func(float64) float64) {
	for r, v := range near[:knn.K] {
		knn.Index[i*knn.K+r] = v.row
		knn.Dist[i*knn.K+r] = float32(min(f(v.dist), math.MaxFloat32))
	}
}

func newKNN(n, k int) *KNN {
	return &KNN{N: n, K: k, Index: make([]int32, n*k), Dist: make([]float32, n*k)}
}

// First returns the k nearest of each row's neighbours.
func (knn *KNN) First(k int) *KNN {
	if knn.K == k {
		return knn
	}
	f := newKNN(knn.N, k)
	for i := range knn.N {
		copy(f.Index[i*k:(i+1)*k], knn.Index[i*knn.K:])
		copy(f.Dist[i*k:(i+1)*k], knn.Dist[i*knn.K:])
	}
	return f
}

// Validate reports what is wrong with neighbours from elsewhere: every row
// wants K others, each once, with finite distances that do not fall.
func (knn *KNN) Validate() error {
	if knn.N < 0 || knn.K < 0 || len(knn.Index) != knn.N*knn.K || len(knn.Dist) != knn.N*knn.K {
		return refuse("%d neighbours and %d distances for %d rows of %d", len(knn.Index), len(knn.Dist), knn.N, knn.K)
	}
	seen := make([]int, knn.N) // by which row, from 1
	for i := range knn.N {
		last := float32(0)
		for r := range knn.K {
			j, d := knn.Index[i*knn.K+r], knn.Dist[i*knn.K+r]
			switch {
			case j < 0 || int(j) >= knn.N:
				return refuse("neighbour %d of row %d is row %d, want 0 to %d", r, i, j, knn.N-1)
			case int(j) == i:
				return refuse("neighbour %d of row %d is the row itself, which is to be left out", r, i)
			case seen[j] == i+1:
				return refuse("neighbour %d of row %d is row %d, which is on its list already", r, i, j)
			case !(d >= 0) || d-d != 0:
				return refuse("distance %d of row %d is %v, want a finite one of 0 or more", r, i, d)
			case d < last:
				return refuse("distance %d of row %d is %v, less than the one before (%v): want the nearest first", r, i, d, last)
			}
			seen[j], last = i+1, d
		}
	}
	return nil
}
