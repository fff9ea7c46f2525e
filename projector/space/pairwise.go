package space

import (
	"context"
	"math"
	"sync"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// pairwise finds the k nearest other rows of every row in blocks, as [Neighbors]
// does and exactly, but without matrix products to lean on: a plain loop that
// gives a pair up as soon as it is beyond both rows' lists. It takes several
// times as long.
func pairwise(ctx context.Context, r *Rows, k, crew int, progress Progress) (*KNN, error) {
	n := r.n
	l := newShortlists(n, nil, min(n-1, k+8))
	const side = 64
	blocks := (n + side - 1) / side
	locks := make([]sync.Mutex, blocks)
	c := &counter{report: progress, stage: "neighbors", total: n * n}
	err := vec.Each(ctx, blocks*(blocks+1)/2, crew, func(_, task int) {
		a, b := blockPair(task, blocks)
		locks[a].Lock()
		defer locks[a].Unlock()
		if a != b {
			locks[b].Lock() // b > a always, so no two workers wait for each other
			defer locks[b].Unlock()
		}
		aEnd, bEnd := min(n, (a+1)*side), min(n, (b+1)*side)
		x, dim, early := r.x, r.dim, r.early
		for i := a * side; i < aEnd; i++ {
			row := x[i*dim : (i+1)*dim]
			for j := max(i+1, b*side); j < bEnd; j++ {
				limit := max(l.worst(i), l.worst(j))
				if d := early(row, x[j*dim:(j+1)*dim], limit); d <= limit {
					l.admit(i, j, d)
					l.admit(j, i, d)
				}
			}
		}
		pairs := (aEnd - a*side) * (bEnd - b*side)
		if a != b {
			pairs *= 2
		}
		c.add(pairs)
	})
	if err != nil {
		return nil, err
	}
	knn := newKNN(n, k)
	err = vec.Chunks(ctx, n, crew, func(lo, hi int) {
		near := make([]neighbor, 0, l.size)
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			near = measured(near[:0], l.of(i), r, i, r)
			if len(near) < k || l.size < n-1 && !clearEarly(near[k-1].dist, l.worst(i), r.dim) {
				near = direct(ctx, near[:0], r, i, r, i, k)
			}
			knn.set(i, near, r.distance)
		}
	})
	return knn, err
}

// worst is the largest key on list i, or +Inf while it has room.
func (l *shortlists) worst(i int) float32 {
	if c := l.of(i)[l.size-1]; c != noCandidate {
		return c.key()
	}
	return float32(math.Inf(1))
}

// clearEarly reports whether rows whose early order was at least key are
// further away than worst: the sum is off by at most a factor 1 ± dim·2⁻²⁴.
func clearEarly(worst float64, key float32, dim int) bool {
	return worst < float64(key)*(1-float64(dim+2)/(1<<24))
}
