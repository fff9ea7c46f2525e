package space

import (
	"context"
	"math"
	"sync"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// manhattan finds the k nearest other rows of every row by Σ|x - y|, in blocks
// as [Neighbors] does and exactly, but without matrix products to lean on: a
// plain loop that gives a pair up as soon as it is beyond both rows' lists. It
// takes several times as long as the other metrics.
func manhattan(ctx context.Context, x []float32, dim, k, crew int, progress Progress) (*KNN, error) {
	n := len(x) / dim
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
		for i := a * side; i < aEnd; i++ {
			for j := max(i+1, b*side); j < bEnd; j++ {
				limit := max(l.worst(i), l.worst(j))
				if d := sumAbs(x[i*dim:(i+1)*dim], x[j*dim:(j+1)*dim], limit); d <= limit {
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
			q := x[i*dim : (i+1)*dim]
			near = l.nearest(i, near[:0], q, x, absdist)
			if len(near) < k || l.size < n-1 && !clearAbs(near[k-1].dist, l.worst(i), dim) {
				near = direct(ctx, near[:0], q, x, i, k, absdist)
			}
			knn.set(i, near, func(d float64) float64 { return d })
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

// clearAbs reports whether rows whose float32 sum was at least key are
// further away than worst: the sum is off by at most a factor 1 ± dim·2⁻²⁴.
func clearAbs(worst float64, key float32, dim int) bool {
	return worst < float64(key)*(1-float64(dim+2)/(1<<24))
}

// sumAbs is Σ|a - b| in float32, or some part of it that is beyond limit.
func sumAbs(a, b []float32, limit float32) float32 {
	const stretch = 32
	var sum float32
	for len(a) >= stretch {
		var s0, s1, s2, s3 float32
		p, q := (*[stretch]float32)(a), (*[stretch]float32)(b)
		for k := 0; k < stretch; k += 4 {
			s0 += abs(p[k] - q[k])
			s1 += abs(p[k+1] - q[k+1])
			s2 += abs(p[k+2] - q[k+2])
			s3 += abs(p[k+3] - q[k+3])
		}
		if sum += (s0 + s1) + (s2 + s3); sum > limit {
			return sum
		}
		a, b = a[stretch:], b[stretch:]
	}
	for k, v := range a {
		sum += abs(v - b[k])
	}
	return sum
}

func abs(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }

// absdist is Σ|a - b|.
func absdist(a, b []float32) (sum float64) {
	for k, v := range a {
		sum += math.Abs(float64(v) - float64(b[k]))
	}
	return sum
}
