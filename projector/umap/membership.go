package umap

import (
	"context"
	"math"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// Memberships turns distances into the strengths of directed edges
// (McInnes, Healy and Melville 2018, algorithm 3). For row i with neighbours
// at distances d_j,
//
//	v_ij = exp(-max(0, d_j - ρ_i) / σ_i),   Σ_j v_ij = log2(n_neighbors)
//
// where ρ_i is the distance of the nearest neighbour that is not at 0
// (localConnectivity says how many such count as fully connected). Rows keep
// the order of knn; the result is N×K.
func Memberships(ctx context.Context, knn *space.KNN, localConnectivity float64, workers int) ([]float32, error) {
	mean := 0.0 // over all pairs, each row itself included, as umap-learn has it
	for _, d := range knn.Dist {
		mean += float64(d)
	}
	mean /= float64(max(1, knn.N*(knn.K+1)))
	return memberships(ctx, knn, localConnectivity, workers, func([]float32) float64 { return mean })
}

// MembershipsAmong is [Memberships] for what [space.Index.Neighbors] found: each
// strength depends on its own row alone. New rows are joined as firmly as
// those of a fit. umap-learn's transform takes one fewer neighbour as fully
// connected, which joins them less firmly to their nearest, and on the
// reference data a placed row then has 0.28 of its 15 nearest about it instead
// of 0.33.
func MembershipsAmong(ctx context.Context, knn *space.KNN, localConnectivity float64, workers int) ([]float32, error) {
	return memberships(ctx, knn, localConnectivity, workers, meanDistance)
}

// memberships takes from overall the distance that stands in for a row's mean
// where its ρ is 0.
func memberships(ctx context.Context, knn *space.KNN, localConnectivity float64, workers int, overall func(dist []float32) float64) ([]float32, error) {
	target := math.Log2(float64(knn.K + 1))
	v := make([]float32, len(knn.Dist))
	err := vec.Chunks(ctx, knn.N, workers, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			dist := knn.Dist[i*knn.K : (i+1)*knn.K]
			rho := localDistance(dist, localConnectivity)
			floor := meanDistance(dist)
			if rho == 0 {
				floor = overall(dist)
			}
			// σ is kept above a thousandth of the mean distance.
			rate := min(decay(dist, rho, target), 1e3/floor)
			for j, d := range dist {
				s := 1.0
				if over := float64(d) - rho; over > 0 {
					s = math.Exp(-over * rate)
				}
				v[i*knn.K+j] = float32(s)
			}
		}
	})
	return v, err
}

// meanDistance is the mean of a row's distances, that to itself included.
func meanDistance(dist []float32) (mean float64) {
	for _, d := range dist {
		mean += float64(d) / float64(len(dist)+1)
	}
	return mean
}

// localDistance is ρ: the distance of neighbour number localConnectivity among
// those that are not at 0, interpolated.
func localDistance(dist []float32, localConnectivity float64) float64 {
	for len(dist) > 0 && dist[0] == 0 {
		dist = dist[1:]
	}
	if len(dist) == 0 {
		return 0
	}
	if localConnectivity >= float64(len(dist)) {
		return float64(dist[len(dist)-1])
	}
	whole, part := math.Modf(localConnectivity)
	below := 0.0
	if whole > 0 {
		below = float64(dist[int(whole)-1])
	}
	return below + part*(float64(dist[int(whole)])-below)
}

// decay solves Σ_j exp(-max(0, d_j - ρ)·s) = target for s = 1/σ ≥ 0. The left
// side is convex and falls with s, so Newton's steps from s = 0 grow towards
// the root and never pass it. Without a root it returns 0 (too few
// neighbours) or +Inf (too many at ρ).
func decay(dist []float32, rho, target float64) float64 {
	flat := 0.0 // terms that stay 1
	for _, d := range dist {
		if float64(d) <= rho {
			flat++
		}
	}
	if flat >= target {
		return math.Inf(1)
	}
	s := 0.0
	for range 200 {
		sum, slope := flat, 0.0
		for _, d := range dist {
			if over := float64(d) - rho; over > 0 {
				e := math.Exp(-over * s)
				sum += e
				slope += over * e
			}
		}
		if sum-target < 1e-5 {
			break
		}
		s += (sum - target) / slope
	}
	return s
}
