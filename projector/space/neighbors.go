package space

import (
	"context"
	"sync"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// NeighborOptions say what [Neighbors] looks for.
type NeighborOptions struct {
	NNeighbors int    // counts the row itself, so one fewer is returned; ≥ 1; at most all rows
	Metric     string // one of [Metrics]
	Workers    int    // goroutines; 0 means GOMAXPROCS
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
	}
	m, err := find(o.Metric)
	if err != nil {
		return nil, err
	}
	k, crew := max(0, min(o.NNeighbors, n)-1), vec.Workers(o.Workers)
	if k == 0 {
		return &KNN{N: n, Index: []int32{}, Dist: []float32{}}, nil
	}
	rows := newRows(m, x, n, dim)
	if !m.straight() {
		return pairwise(ctx, rows, k, crew, progress)
	}
	p, centred := pack(rows)
	left, right := vec.PackLeft(centred, rows.width(), crew), vec.PackRight(centred, rows.width(), crew)
	s := &search{packing: p, k: k, crew: crew, shortlists: newShortlists(n, p.norm, min(n-1, k+8+k/4))}
	c := &counter{report: progress, stage: "neighbors", total: n * n}
	if err := s.scan(ctx, left, right, c); err != nil {
		return nil, err
	}
	knn := newKNN(n, k)
	return knn, s.measure(ctx, knn)
}

// A search is the state of one call of Neighbors.
type search struct {
	*packing
	k, crew int
	*shortlists
}

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
			near = measured(near[:0], s.of(i), s.Rows, i, s.Rows)
			if !s.certain(i, near[s.k-1].dist) {
				near = direct(ctx, near[:0], s.Rows, i, s.Rows, i, s.k)
			}
			knn.set(i, near, s.distance)
		}
	})
}

// certain reports whether no row outside row i's shortlist can be as near as
// worst (an order): whether the shortlist's largest estimate exceeds it by more
// than rounding can account for.
func (s *search) certain(i int, worst float64) bool {
	return s.size == s.n-1 || s.clear(worst, float64(s.packing.norm[i]), float64(s.of(i)[s.size-1].key()))
}
