package space

import (
	"context"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// An Index finds which of its rows are nearest to other rows, exactly, by the
// blocked products of [Neighbors]. It may be used by several goroutines.
type Index struct {
	n, dim int // as given
	metric string
	search // of the rows; its lists are unused
	right  *vec.Right
}

// NewIndex prepares the rows of x (n×dim, row-major), which it may keep and
// which must not change. Workers ≤ 0 means one per CPU.
func NewIndex(x []float32, dim int, metric string, workers int) (*Index, error) {
	n, err := Check(x, dim)
	if err != nil {
		return nil, err
	}
	switch {
	case n == 0:
		return nil, refuse("no rows to index")
	case !slices.Contains(Metrics, metric):
		return nil, refuse("metric = %q is unknown", metric)
	}
	ix := &Index{n: n, dim: dim, metric: metric}
	ix.search = search{n: n, crew: vec.Workers(workers)}
	ix.rows, ix.search.dim = Euclidean(x, dim, metric)
	if metric != "manhattan" {
		_, ix.right = ix.pack()
	}
	return ix, nil
}

// Dim returns how many columns its rows have.
func (ix *Index) Dim() int { return ix.dim }

// Neighbors finds the k nearest rows of the index for every row of q
// (m×dim): a KNN of m rows whose Index numbers those of the index. Equal
// distances are ordered by row number; k above the index's rows is taken as
// all of them. What is found for a row does not depend on the others.
func (ix *Index) Neighbors(ctx context.Context, q []float32, k, workers int, progress Progress) (*KNN, error) {
	m, err := Check(q, ix.dim)
	if err != nil {
		return nil, err
	}
	if k < 1 {
		return nil, refuse("%d neighbours, want at least 1", k)
	}
	k = min(k, ix.n)
	s := &ask{Index: ix, k: k, knn: newKNN(m, k), crew: vec.Workers(workers)}
	s.q, _ = Euclidean(q, ix.dim, ix.metric)
	s.count = &counter{report: progress, stage: "neighbors", total: m}
	if ix.metric == "manhattan" {
		err = s.manhattan(ctx)
	} else {
		err = s.products(ctx)
	}
	if err != nil {
		return nil, err
	}
	toMetric(s.knn.Dist, ix.metric)
	return s.knn, nil
}

// An ask is the state of one call of Index.Neighbors.
type ask struct {
	*Index
	q     []float32 // rows that ask, in the Euclidean form of the index's
	k     int
	knn   *KNN
	crew  int
	count *counter
}

// products walks over the index once for each block of rows that ask.
func (s *ask) products(ctx context.Context) error {
	m, dim := s.knn.N, s.search.dim
	centered, norm := make([]float32, len(s.q)), make([]float64, m)
	const tooFar = 1e15 // from here, products could overflow
	for i := range m {
		row := centered[i*dim : (i+1)*dim]
		if norm[i] = s.center(row, s.q[i*dim:(i+1)*dim]); math.Sqrt(norm[i]) > tooFar {
			clear(row)
		}
	}
	left := vec.PackLeft(centered, dim, s.crew)
	lists := newShortlists(m, s.norm, min(s.n, s.k+8+s.k/4))
	step := left.Step()
	side := step * max(1, min(128/step, m/(2*s.crew*step))) // small enough to occupy all workers
	cols := s.right.Step() * max(1, 448/s.right.Step())
	dots, found := make([][]float32, s.crew), make([][]int32, s.crew)
	return vec.Each(ctx, (m+side-1)/side, s.crew, func(w, task int) {
		if dots[w] == nil {
			dots[w], found[w] = vec.Aligned(side*cols), make([]int32, cols)
		}
		lo, hi := task*side, min(m, (task+1)*side)
		for c := 0; c < s.n && ctx.Err() == nil; c += cols {
			end := min(c+cols, s.n)
			stride := vec.Products(dots[w], left, lo, hi, s.right, c, end)
			norms := s.norm[c:end]
			for i := lo; i < hi; i++ {
				row := dots[w][(i-lo)*stride:][:end-c]
				for _, j := range found[w][:vec.Nearer(found[w], row, norms, -lists.limit[i])] {
					lists.admit(i, c+int(j), norms[j]-2*row[j])
				}
			}
		}
		near := make([]neighbor, 0, lists.size)
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			q := s.q[i*dim : (i+1)*dim]
			near = lists.nearest(i, near[:0], q, s.rows, sqdist)
			if math.Sqrt(norm[i]) > tooFar ||
				lists.size < s.n && !s.clear(near[s.k-1].dist, norm[i], float64(lists.of(i)[lists.size-1].key())) {
				near = direct(ctx, near[:0], q, s.rows, -1, s.k, sqdist)
			}
			s.knn.set(i, near, math.Sqrt)
		}
		s.count.add(hi - lo)
	})
}

// manhattan measures row by row, as the function of that name does.
func (s *ask) manhattan(ctx context.Context) error {
	dim := s.dim
	return vec.Each(ctx, s.knn.N, s.crew, func(_, i int) {
		q := s.q[i*dim : (i+1)*dim]
		l := newShortlists(1, nil, min(s.n, s.k+8))
		for j := range s.n {
			if j%vec.Chunk == 0 && ctx.Err() != nil {
				return
			}
			if d := sumAbs(q, s.rows[j*dim:(j+1)*dim], l.worst(0)); d <= l.worst(0) {
				l.admit(0, j, d)
			}
		}
		near := l.nearest(0, nil, q, s.rows, absdist)
		if len(near) < s.k || l.size < s.n && !clearAbs(near[s.k-1].dist, l.worst(0), dim) {
			near = direct(ctx, near[:0], q, s.rows, -1, s.k, absdist)
		}
		s.knn.set(i, near, func(d float64) float64 { return d })
		s.count.add(1)
	})
}
