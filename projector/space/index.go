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
	*Rows
	packing *packing   // nil unless the metric is straight
	right   *vec.Right // of packing
}

// NewIndex prepares the rows of x (n×dim, row-major), which it may keep and
// which must not change. Workers are goroutines; 0 means GOMAXPROCS.
func NewIndex(x []float32, dim int, metric string, workers int) (*Index, error) {
	rows, err := NewRows(x, dim, metric)
	if err != nil {
		return nil, err
	}
	if rows.n == 0 {
		return nil, refuse("no rows to index")
	}
	ix := &Index{Rows: rows}
	if rows.straight() {
		var centred []float32
		ix.packing, centred = pack(rows)
		ix.right = vec.PackRight(centred, rows.width(), vec.Workers(workers))
	}
	return ix, nil
}

// Neighbors finds the k nearest rows of the index for every row of q
// (m×dim): a KNN of m rows whose Index numbers those of the index. Equal
// distances are ordered by row number; k above the index's rows is taken as
// all of them. What is found for a row does not depend on the others.
func (ix *Index) Neighbors(ctx context.Context, q []float32, k, workers int, progress Progress) (*KNN, error) {
	m, err := Check(q, ix.dim)
	if err != nil {
		return nil, err
	}
	return ix.ask(ctx, newRows(ix.metric, q, m, ix.dim), func(int) int { return -1 }, min(k, ix.n), workers, progress)
}

// Others finds the k nearest other rows of the index for some of its own rows.
// K is at most all others.
func (ix *Index) Others(ctx context.Context, rows []int, k, workers int, progress Progress) (*KNN, error) {
	q := make([]float32, 0, len(rows)*ix.dim)
	for _, i := range rows {
		q = append(q, ix.row(i)...)
	}
	if ix.n < 2 {
		return &KNN{N: len(rows), Index: []int32{}, Dist: []float32{}}, nil
	}
	return ix.ask(ctx, newRows(ix.metric, q, len(rows), ix.dim), func(i int) int { return rows[i] }, min(k, ix.n-1), workers, progress)
}

// ask finds the k nearest rows for each row of q but the one that skip names.
func (ix *Index) ask(ctx context.Context, q *Rows, skip func(i int) int, k, workers int, progress Progress) (*KNN, error) {
	if k < 1 {
		return nil, refuse("%d neighbours, want at least 1", k)
	}
	s := &ask{Index: ix, q: q, skip: skip, k: k, knn: newKNN(q.n, k), crew: vec.Workers(workers)}
	s.count = &counter{report: progress, stage: "neighbors", total: q.n}
	if ix.straight() {
		return s.knn, s.products(ctx)
	}
	return s.knn, s.pairwise(ctx)
}

// An ask is the state of one call of Index.ask.
type ask struct {
	*Index
	q     *Rows
	skip  func(i int) int
	k     int
	knn   *KNN
	crew  int
	count *counter
}

// products walks over the index once for each block of rows that ask.
func (s *ask) products(ctx context.Context) error {
	p, m, width := s.packing, s.q.n, s.width()
	centred, norm, form := make([]float32, m*width), make([]float64, m), make([]float64, width)
	const tooFar = 1e15 // from here, products could overflow
	for i := range m {
		row := centred[i*width : (i+1)*width]
		s.q.form(form, i)
		if norm[i] = p.centred(row, form); math.Sqrt(norm[i]) > tooFar {
			clear(row)
		}
	}
	left := vec.PackLeft(centred, width, s.crew)
	size := min(s.n, s.k+1+8+s.k/4)
	step := left.Step()
	side := step * max(1, min(128/step, m/(2*s.crew*step))) // small enough to occupy all workers
	cols := s.right.Step() * max(1, 448/s.right.Step())
	dots, found := make([][]float32, s.crew), make([][]int32, s.crew)
	return vec.Each(ctx, (m+side-1)/side, s.crew, func(w, task int) {
		if dots[w] == nil {
			dots[w], found[w] = vec.Aligned(side*cols), make([]int32, cols)
		}
		lo, hi := task*side, min(m, (task+1)*side)
		lists := newShortlists(hi-lo, p.norm, size)
		for c := 0; c < s.n && ctx.Err() == nil; c += cols {
			end := min(c+cols, s.n)
			stride := vec.Products(dots[w], left, lo, hi, s.right, c, end)
			norms := p.norm[c:end]
			for i := range hi - lo {
				row := dots[w][i*stride:][:end-c]
				for _, j := range found[w][:vec.Nearer(found[w], row, norms, -lists.limit[i])] {
					lists.admit(i, c+int(j), norms[j]-2*row[j])
				}
			}
		}
		near := make([]neighbor, 0, size)
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			near = s.without(i, measured(near[:0], lists.of(i-lo), s.q, i, s.Rows))
			if math.Sqrt(norm[i]) > tooFar ||
				size < s.n && !p.clear(near[s.k-1].dist, norm[i], float64(lists.of(i - lo)[size-1].key())) {
				near = direct(ctx, near[:0], s.q, i, s.Rows, s.skip(i), s.k)
			}
			s.knn.set(i, near, s.distance)
		}
		s.count.add(hi - lo)
	})
}

// without removes the row that is not meant from near.
func (s *ask) without(i int, near []neighbor) []neighbor {
	skip := int32(s.skip(i))
	return slices.DeleteFunc(near, func(v neighbor) bool { return v.row == skip })
}

// pairwise measures row by row, as the function of that name does.
func (s *ask) pairwise(ctx context.Context) error {
	return vec.Each(ctx, s.q.n, s.crew, func(_, i int) {
		q, skip := s.q.row(i), s.skip(i)
		l := newShortlists(1, nil, min(s.n, s.k+8))
		for j := range s.n {
			if j%vec.Chunk == 0 && ctx.Err() != nil {
				return
			}
			if j == skip {
				continue
			}
			if d := s.early(q, s.row(j), l.worst(0)); d <= l.worst(0) {
				l.admit(0, j, d)
			}
		}
		near := measured(nil, l.of(0), s.q, i, s.Rows)
		if len(near) < s.k || l.size < s.n && !clearEarly(near[s.k-1].dist, l.worst(0), s.dim) {
			near = direct(ctx, near[:0], s.q, i, s.Rows, skip, s.k)
		}
		s.knn.set(i, near, s.distance)
		s.count.add(1)
	})
}
