package space

import (
	"context"
	"math"
	"slices"
	"sync"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// NeighborOptions say what [Neighbors] looks for.
type NeighborOptions struct {
	NNeighbors int    // counts the row itself, so one fewer is returned; ≥ 1; at most all rows
	Metric     string // one of [Metrics]
	Workers    int    // goroutines; 0 means one per CPU
}

// Neighbors finds the exact nearest rows of every row of x (n×dim, row-major).
// Equal distances are ordered by row number.
//
// It works in blocks: |x-y|² = |x|² + |y|² - 2·x·y for a tile of row pairs at
// a time, with x·y from a matrix product, and each row keeps only its best
// few. That formula cancels when rows are nearer to each other than to the
// mean, so a few more than needed are kept and measured again directly, and a
// row for which the formula's rounding error leaves a doubt is searched anew.
func Neighbors(ctx context.Context, x []float32, dim int, o NeighborOptions, progress Progress) (*KNN, error) {
	n, err := Check(x, dim)
	if err != nil {
		return nil, err
	}
	switch {
	case o.NNeighbors < 1:
		return nil, refuse("n_neighbors = %d, want at least 1", o.NNeighbors)
	case !slices.Contains(Metrics, o.Metric):
		return nil, refuse("metric = %q is unknown", o.Metric)
	}
	s := &search{n: n, k: max(0, min(o.NNeighbors, n)-1), crew: vec.Workers(o.Workers)}
	if s.k == 0 {
		return &KNN{N: n, Index: []int32{}, Dist: []float32{}}, nil
	}
	if o.Metric == "manhattan" {
		return manhattan(ctx, x, dim, s.k, s.crew, progress)
	}
	s.rows, s.dim = Euclidean(x, dim, o.Metric)
	left, right := s.pack()
	s.shortlists = newShortlists(n, s.norm, min(n-1, s.k+8+s.k/4))
	c := &counter{report: progress, stage: "neighbors", total: n * n}
	if err := s.scan(ctx, left, right, c); err != nil {
		return nil, err
	}
	knn := newKNN(n, s.k)
	if err := s.measure(ctx, knn); err != nil {
		return nil, err
	}
	toMetric(knn.Dist, o.Metric)
	return knn, nil
}

// A search is the state of one call of Neighbors.
type search struct {
	n, dim, k int
	crew      int // goroutines

	rows  []float32 // n×dim; distances between these are what is asked for
	mean  []float64
	scale float64   // products are taken of (rows - mean)·scale, scale a power of two
	norm  []float32 // |(row - mean)·scale|²
	reach float64   // the largest such length

	*shortlists
}

// pack lays out the rows for their products. Less their mean, and with values
// near 1, they lose little to cancellation and nothing to overflow.
func (s *search) pack() (*vec.Left, *vec.Right) {
	n, dim := s.n, s.dim
	s.mean = make([]float64, dim)
	for i := range n {
		for j, v := range s.row(i) {
			s.mean[j] += float64(v)
		}
	}
	top := 0.0
	for j := range s.mean {
		s.mean[j] /= float64(n)
	}
	for i := range n {
		for j, v := range s.row(i) {
			top = max(top, math.Abs(float64(v)-s.mean[j]))
		}
	}
	s.scale = 1
	if top > 0 {
		_, e := math.Frexp(top)
		s.scale = math.Ldexp(1, -e)
	}
	centered := make([]float32, n*dim)
	s.norm = make([]float32, n)
	for i := range n {
		sum := s.center(centered[i*dim:(i+1)*dim], s.row(i))
		s.norm[i] = float32(sum)
		s.reach = max(s.reach, math.Sqrt(sum))
	}
	return vec.PackLeft(centered, dim, s.crew), vec.PackRight(centered, dim, s.crew)
}

// center sets dst to (row - mean)·scale and returns its squared length.
func (s *search) center(dst, row []float32) (sum float64) {
	for j, v := range row {
		d := (float64(v) - s.mean[j]) * s.scale
		dst[j] = float32(d)
		sum += d * d
	}
	return sum
}

func (s *search) row(i int) []float32 { return s.rows[i*s.dim : (i+1)*s.dim] }

// scan takes the product of every pair of row blocks once and offers each
// product to the shortlists of both its rows.
func (s *search) scan(ctx context.Context, left *vec.Left, right *vec.Right, c *counter) error {
	// About 200 KB of products, which stay in the second-level cache.
	side := left.Step() * right.Step() / gcd(left.Step(), right.Step())
	side *= max(1, 224/side)
	blocks := (s.n + side - 1) / side
	locks := make([]sync.Mutex, blocks)
	own := make([]tile, s.crew)
	return vec.Each(ctx, blocks*(blocks+1)/2, s.crew, func(w, task int) {
		t := &own[w]
		if t.dots == nil {
			t.dots, t.found = vec.Aligned(side*side), make([]int32, side)
		}
		a, b := blockPair(task, blocks)
		t.a0, t.a1 = a*side, min(s.n, (a+1)*side)
		t.b0, t.b1 = b*side, min(s.n, (b+1)*side)
		t.stride = vec.Products(t.dots, left, t.a0, t.a1, right, t.b0, t.b1)
		locks[a].Lock()
		defer locks[a].Unlock()
		if a != b {
			locks[b].Lock() // b > a always, so no two workers wait for each other
			defer locks[b].Unlock()
		}
		c.add(s.offer(t))
	})
}

// blockPair numbers the pairs a ≤ b < blocks by diagonals. Rows that are near in
// number are often near in space (one run's epochs in order, say), and the
// earlier a list is full of near rows, the fewer it takes in for nothing.
func blockPair(task, blocks int) (a, b int) {
	for task >= blocks-b {
		task -= blocks - b
		b++
	}
	return task, task + b
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// measure replaces the shortlists' estimates by distances and keeps the k
// nearest.
func (s *search) measure(ctx context.Context, knn *KNN) error {
	return vec.Chunks(ctx, s.n, s.crew, func(lo, hi int) {
		near := make([]neighbor, 0, s.size)
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			near = s.shortlists.nearest(i, near[:0], s.row(i), s.rows, sqdist)
			if !s.certain(i, near[s.k-1].dist) {
				near = direct(ctx, near[:0], s.row(i), s.rows, i, s.k, sqdist)
			}
			knn.set(i, near, math.Sqrt)
		}
	})
}

// certain reports whether no row outside row i's shortlist can be as near as
// worst (a squared distance): whether the shortlist's largest estimate exceeds
// it by more than rounding can account for.
//
// A dot product of m terms is off by at most m·u·|x||y|, u = 2⁻²⁴, and rows
// within reach of row i are no longer than |x| + √worst.
func (s *search) certain(i int, worst float64) bool {
	return s.size == s.n-1 || s.clear(worst, float64(s.norm[i]), float64(s.of(i)[s.size-1].key()))
}

// clear reports whether an estimate, which is a key plus the norm of the row
// that asks, exceeds worst by more than rounding can account for.
func (s *search) clear(worst, norm, key float64) bool {
	worst *= s.scale * s.scale
	length := math.Sqrt(norm)
	far := min(s.reach, length+math.Sqrt(worst))
	slack := float64(s.dim+8) / (1 << 24) * (length + far) * far
	return worst < key+norm-2*slack
}
