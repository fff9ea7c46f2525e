package vec

import "sync"

// Block sizes of [Sgemm]. A block of B of depth × width floats is packed once
// and read by all workers; each packs groups of A's row panels for itself, which
// stay in its second-level cache.
const (
	blockDepth = 512  // steps of k: a column panel of 64 KB, which streams from the second-level cache
	blockWidth = 4096 // columns of B
	groupRows  = 112  // rows of A: 8 panels of 14 and nearly 19 of 6
)

// Sgemm computes C = alpha·op(A)·op(B) + beta·C, where op(A) is m×k, op(B) k×n
// and C m×n. op transposes where transA or transB is set, so that A is then
// stored as k×m and B as n×k; lda, ldb and ldc are the distances between stored
// rows. With beta 0 the old C is not read. C must not overlap A or B.
//
// It uses up to workers goroutines ([Workers] reads the setting). The result does
// not depend on their number. It panics when a size is negative, a distance is
// shorter than a row, or a slice too short for its matrix.
func Sgemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int, workers int) {
	check(transA, m, k, a, lda)
	check(transB, k, n, b, ldb)
	check(false, m, n, c, ldc)
	if m == 0 || n == 0 {
		return
	}
	if k == 0 || alpha == 0 {
		scale(m, n, beta, c, ldc)
		return
	}
	if beta != 0 && beta != 1 {
		scale(m, n, beta, c, ldc)
	}
	p := products.Get().(*product)
	p.transA, p.transB = transA, transB
	p.m, p.n, p.k, p.alpha = m, n, k, alpha
	p.a, p.lda, p.b, p.ldb, p.c, p.ldc = a, lda, b, ldb, c, ldc
	p.run(Workers(workers), beta != 0)
	p.a, p.b, p.c = nil, nil, nil
	products.Put(p)
}

// check panics unless x can hold a matrix of rows×cols, or its transpose.
func check(trans bool, rows, cols int, x []float32, ld int) {
	if trans {
		rows, cols = cols, rows
	}
	switch {
	case rows < 0 || cols < 0:
		panic("vec: negative size of a matrix")
	case ld < max(1, cols):
		panic("vec: distance between rows shorter than a row")
	case rows > 0 && cols > 0 && len(x) < (rows-1)*ld+cols:
		panic("vec: slice too short for its matrix")
	}
}

// scale multiplies C by beta.
func scale(m, n int, beta float32, c []float32, ldc int) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if beta == 0 {
			clear(row)
			continue
		}
		for j := range row {
			row[j] *= beta
		}
	}
}

// A product is one call of Sgemm and its scratch. The fields below the line
// describe the block of B at hand.
type product struct {
	transA, transB bool
	m, n, k        int
	alpha          float32
	a, b, c        []float32
	lda, ldb, ldc  int

	rows, cols     int // of a tile
	j0, p0, nb, kb int // block: columns [j0, j0+nb), steps [p0, p0+kb)
	add            int // whether C already holds a part of the sum
	groups, strips int // the grid of pieces of work: groups of rows × strips of columns
	panels         int // column panels in a strip
	packed         buffer
	perWorker      []buffer

	pack, multiply func(worker, i int) // made once, so that Parallel does not allocate
}

var products = sync.Pool{New: func() any {
	p := new(product)
	p.pack, p.multiply = p.packPanel, p.multiplyPiece
	return p
}}

func (p *product) run(workers int, add bool) {
	p.rows, p.cols = tileShape()
	for len(p.perWorker) < workers {
		p.perWorker = append(p.perWorker, buffer{})
	}
	group := groupRows / p.rows * p.rows
	p.groups = (p.m + group - 1) / group
	depth := evenly(p.k, blockDepth)
	for p.j0 = 0; p.j0 < p.n; p.j0 += blockWidth {
		p.nb = min(blockWidth, p.n-p.j0)
		panels := (p.nb + p.cols - 1) / p.cols
		p.strips = min(panels, max(1, 4*workers/p.groups))
		if workers == 1 {
			p.strips = 1
		}
		p.panels = (panels + p.strips - 1) / p.strips
		p.strips = (panels + p.panels - 1) / p.panels
		for p.p0 = 0; p.p0 < p.k; p.p0 += depth {
			p.kb = min(depth, p.k-p.p0)
			p.add = 0
			if add || p.p0 > 0 {
				p.add = 1
			}
			p.packed.take(panels * p.cols * p.kb)
			Parallel(workers, panels, p.pack)
			Parallel(workers, p.groups*p.strips, p.multiply)
		}
	}
}

// evenly returns the size of the fewest equal parts of n that are not longer
// than limit.
func evenly(n, limit int) int {
	parts := (n + limit - 1) / limit
	return (n + parts - 1) / parts
}

// packPanel packs the t-th column panel of the block of B.
func (p *product) packPanel(_, t int) {
	j := p.j0 + t*p.cols
	w := min(p.cols, p.n-j)
	dst := p.packed.data[t*p.cols*p.kb:][:p.cols*p.kb]
	if p.transB {
		packRows(dst, p.cols, p.b[j*p.ldb+p.p0:], p.ldb, w, p.kb)
	} else {
		packColumns(dst, p.cols, p.b[p.p0*p.ldb+j:], p.ldb, w, p.kb)
	}
}

// multiplyPiece packs a group of A's rows and multiplies it by a strip of B.
func (p *product) multiplyPiece(worker, i int) {
	group := groupRows / p.rows * p.rows
	i0 := i / p.strips * group
	i1 := min(p.m, i0+group)
	first := i % p.strips * p.panels
	last := min(first+p.panels, (p.nb+p.cols-1)/p.cols)

	panel := p.rows * p.kb
	work := p.perWorker[worker].take(group/p.rows*panel + p.rows*p.cols)
	edge, work := work[:p.rows*p.cols], work[p.rows*p.cols:]
	for i := i0; i < i1; i += p.rows {
		dst, h := work[(i-i0)*p.kb:][:panel], min(p.rows, i1-i)
		if p.transA {
			packColumns(dst, p.rows, p.a[p.p0*p.lda+i:], p.lda, h, p.kb)
		} else {
			packRows(dst, p.rows, p.a[i*p.lda+p.p0:], p.lda, h, p.kb)
		}
	}
	for t := first; t < last; t++ {
		y := p.packed.data[t*p.cols*p.kb:]
		j := p.j0 + t*p.cols
		w := min(p.cols, p.n-j)
		for i := i0; i < i1; i += p.rows {
			x, c, h := work[(i-i0)*p.kb:], p.c[i*p.ldc+j:], min(p.rows, i1-i)
			if h == p.rows && w == p.cols {
				tile(p.kb, x, 1, p.rows, y, p.cols, c, p.ldc, p.alpha, p.add)
				continue
			}
			// At the edge the tile goes through a whole one beside it.
			if p.add != 0 {
				copyRows(edge, p.cols, c, p.ldc, h, w)
			}
			tile(p.kb, x, 1, p.rows, y, p.cols, edge, p.cols, p.alpha, p.add)
			copyRows(c, p.ldc, edge, p.cols, h, w)
		}
	}
}

// copyRows copies a matrix of h×w.
func copyRows(dst []float32, ldd int, src []float32, lds, h, w int) {
	for r := range h {
		copy(dst[r*ldd:r*ldd+w], src[r*lds:r*lds+w])
	}
}
