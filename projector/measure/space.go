package measure

import (
	"math"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// A space is one side of a frame made ready for distances. Its rows are centred on their mean and scaled by a power
// of two so that the largest entry is below 1: no measure here depends on place or scale, and squares neither
// overflow nor vanish, whatever the units.
type space struct {
	n, dim  int
	x       []float32 // n×dim, row-major, centred and scaled
	sq      []float32 // squared length of each row
	longest float32   // the largest of sq
	scale   float64   // of x over what it was given as
}

func newSpace(x []float32, dim int) *space {
	s := &space{n: len(x) / dim, dim: dim, x: make([]float32, len(x)), sq: make([]float32, len(x)/dim)}
	centre := columnMeans(x, dim)
	var largest float64
	for i := range s.n {
		for j, v := range x[i*dim : (i+1)*dim] {
			largest = max(largest, math.Abs(float64(v)-centre[j]))
		}
	}
	_, exp := math.Frexp(largest)
	s.scale = math.Ldexp(1, -exp) // largest is below 2¹²⁹, and no float32 but 0 is below 2⁻¹⁴⁹
	for i := range s.n {
		var sq float64
		row := s.row(i)
		for j, v := range x[i*dim : (i+1)*dim] {
			row[j] = float32((float64(v) - centre[j]) * s.scale)
			sq += float64(row[j]) * float64(row[j])
		}
		s.sq[i] = float32(sq)
		s.longest = max(s.longest, s.sq[i])
	}
	return s
}

func columnMeans(x []float32, dim int) []float64 {
	m := make([]float64, dim)
	for lo := 0; lo < len(x); lo += dim {
		for j, v := range x[lo : lo+dim] {
			m[j] += float64(v)
		}
	}
	for j := range m {
		m[j] /= float64(max(1, len(x)/dim))
	}
	return m
}

func (s *space) row(i int) []float32 { return s.x[i*s.dim : (i+1)*s.dim] }

// directDims is the number of dimensions up to which differences are cheaper than a matrix product.
const directDims = 4

// distances fills dst, len(rows)×(hi−lo), with the squared distances of the given rows to rows lo to hi. Beyond
// directDims it takes |a|² + |b|² − 2ab from one matrix product; see [space.doubtful] for what that costs in precision.
func (s *space) distances(dst []float32, rows []int, lo, hi int) {
	w := hi - lo
	if s.dim <= directDims {
		for r, i := range rows {
			s.direct(dst[r*w:(r+1)*w], i, lo)
		}
		return
	}
	a := make([]float32, len(rows)*s.dim)
	for r, i := range rows {
		copy(a[r*s.dim:], s.row(i))
	}
	product(dst, a, s.x[lo*s.dim:hi*s.dim], len(rows), w, s.dim)
	for r, i := range rows {
		complete(dst[r*w:(r+1)*w], s.sq[lo:hi], s.sq[i])
	}
}

// complete turns a row of products ab into |a|² + |b|² − 2ab, given aa = |a|² and bb[j] = |b|².
func complete(ab, bb []float32, aa float32) {
	bb = bb[:len(ab)]
	for j, v := range ab {
		ab[j] = max(0, aa+bb[j]-2*v)
	}
}

// direct fills d with the squared distances of row i to rows lo, lo+1, …, from their differences.
func (s *space) direct(d []float32, i, lo int) {
	a, x := s.row(i), s.x[lo*s.dim:(lo+len(d))*s.dim]
	if s.dim == 2 {
		for j := range d {
			dx, dy := x[2*j]-a[0], x[2*j+1]-a[1]
			d[j] = float32(dx*dx) + float32(dy*dy)
		}
		return
	}
	for j := range d {
		d[j] = vec.SqDist(a, x[j*s.dim:(j+1)*s.dim])
	}
}

// doubtful reports whether a squared distance d from row i, taken from a product, is so small beside the lengths it
// is the difference of that rounding may have misordered it: float32 leaves about 2⁻²⁰ of the lengths.
func (s *space) doubtful(i int, d float32) bool {
	return s.dim > directDims && d < (s.sq[i]+s.longest)/(1<<11)
}

// product sets c = a·bᵀ for a of m×k and b of n×k, all row-major.
func product(c, a, b []float32, m, n, k int) {
	vec.Sgemm(false, true, m, n, k, 1, a, k, b, k, 0, c, n, 1)
}

// closest fills top with the rows nearest to row i, given its squared distances d to all rows, or to the first of them,
// and takes d anew from differences where the product left it doubtful. It marks the row itself in d as infinitely far.
// found is scratch as long as d.
func (s *space) closest(top nearest, d []float32, i int, found []int32) {
	s.choose(top, d, i, found)
	if s.doubtful(i, top[len(top)-1].dist()) {
		s.direct(d, i, 0)
		s.choose(top, d, i, found)
	}
}

func (s *space) choose(top nearest, d []float32, i int, found []int32) {
	if i < len(d) {
		d[i] = float32(math.Inf(1))
	}
	top.reset()
	top.addRow(d, 0, found)
}
