package space

import "math"

// Rows are rows of one metric. What it says of a pair is exact.
type Rows struct {
	*metric
	n, dim      int
	x           []float32 // n×dim, as given
	shift, rate []float64 // per row; nil where rows stay as they are
}

// NewRows takes the rows of x (n×dim, row-major), which it keeps and which must
// not change.
func NewRows(x []float32, dim int, metric string) (*Rows, error) {
	n, err := Check(x, dim)
	if err != nil {
		return nil, err
	}
	m, err := find(metric)
	if err != nil {
		return nil, err
	}
	return newRows(m, x, n, dim), nil
}

func newRows(m *metric, x []float32, n, dim int) *Rows {
	r := &Rows{metric: m, n: n, dim: dim, x: x}
	if m.direction != nil {
		r.shift, r.rate = make([]float64, n), make([]float64, n)
		for i := range n {
			r.shift[i], r.rate[i] = m.direction(r.row(i))
		}
	}
	return r
}

// Len returns the number of rows.
func (r *Rows) Len() int { return r.n }

// Dim returns the number of columns.
func (r *Rows) Dim() int { return r.dim }

func (r *Rows) row(i int) []float32 { return r.x[i*r.dim : (i+1)*r.dim] }

// Distance is that of row i of r and row j of s, which has r's columns and
// metric.
func (r *Rows) Distance(i int, s *Rows, j int) float64 { return r.distance(r.orderOf(i, s, j)) }

// Line is how far row i of r and row j of s are apart where distances are to be added up: the straight line between their
// forms (see [Form]), whose square a distance by cosine is half of. For other metrics it is the distance.
func (r *Rows) Line(i int, s *Rows, j int) float64 {
	if r.straight() {
		return math.Sqrt(r.orderOf(i, s, j))
	}
	return r.Distance(i, s, j)
}

// orderOf measures row i of r and row j of s.
func (r *Rows) orderOf(i int, s *Rows, j int) float64 {
	a, b := r.row(i), s.row(j)
	switch {
	case r.order != nil:
		return r.order(a, b)
	case r.rate != nil:
		return turned(a, b, r.shift[i], r.rate[i], s.shift[j], s.rate[j])
	}
	return sqdist(a, b)
}

// width is how many columns the form of a row has: a row without a direction
// takes one of its own.
func (r *Rows) width() int {
	if r.rate != nil {
		return r.dim + 1
	}
	return r.dim
}

// form sets dst to the form of row i.
func (r *Rows) form(dst []float64, i int) {
	if r.rate == nil {
		for k, v := range r.row(i) {
			dst[k] = float64(v)
		}
		return
	}
	shift, rate := r.shift[i], r.rate[i]
	for k, v := range r.row(i) {
		dst[k] = float64((float64(v) - shift) * rate)
	}
	dst[r.dim] = 0
	if rate == 0 {
		dst[r.dim] = 1
	}
}

// Form returns rows whose straight-line distance orders pairs as the metric
// does, and their number of columns. For the Euclidean metric these are x
// itself, and so they are for metrics that have no such rows.
func Form(x []float32, dim int, metric string) ([]float32, int) {
	r, err := NewRows(x, dim, metric)
	if err != nil || r.rate == nil {
		return x, dim
	}
	width := r.width()
	rows, form := make([]float32, r.n*width), make([]float64, width)
	for i := range r.n {
		r.form(form, i)
		for k, v := range form {
			rows[i*width+k] = float32(v)
		}
	}
	return rows, width
}
