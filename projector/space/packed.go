package space

import (
	"math"
	"slices"
)

// A packing is the forms of rows less a centre and times a scale, ready for
// products. Near the centre, and with values near 1, they lose little to
// cancellation and nothing to overflow.
type packing struct {
	*Rows
	centre []float64
	scale  float64   // a power of two
	norm   []float32 // |(form - centre)·scale|²
	reach  float64   // the largest such length
}

// pack returns the packing of r, and its rows n×width.
func pack(r *Rows) (*packing, []float32) {
	width := r.width()
	p := &packing{Rows: r, centre: make([]float64, width), scale: 1, norm: make([]float32, r.n)}
	form := make([]float64, width)
	for i := range r.n {
		r.form(form, i)
		for k, v := range form {
			p.centre[k] += v
		}
	}
	for k := range p.centre {
		p.centre[k] /= float64(r.n)
	}
	p.recentre()
	top := 0.0
	for i := range r.n {
		r.form(form, i)
		for k, v := range form {
			top = max(top, math.Abs(v-p.centre[k]))
		}
	}
	if top > 0 {
		_, e := math.Frexp(top)
		p.scale = math.Ldexp(1, -e)
	}
	rows := make([]float32, r.n*width)
	for i := range r.n {
		r.form(form, i)
		sum := p.centred(rows[i*width:(i+1)*width], form)
		p.norm[i] = float32(sum)
		p.reach = max(p.reach, math.Sqrt(sum))
	}
	return p, rows
}

// centred sets dst to (form - centre)·scale and returns its squared length.
func (p *packing) centred(dst []float32, form []float64) (sum float64) {
	for k, v := range form {
		d := (v - p.centre[k]) * p.scale
		dst[k] = float32(d)
		sum += d * d
	}
	return sum
}

// recentre takes the medians of a few rows for the centre where the mean is far
// from most of them, as a few far rows drag it away: all products would be lost
// to cancellation then.
func (p *packing) recentre() {
	const few = 15
	if p.n < few {
		return
	}
	width := len(p.centre)
	forms := make([]float64, few*width)
	for s := range few {
		p.form(forms[s*width:(s+1)*width], s*(p.n-1)/(few-1))
	}
	typical := func(centre []float64) float64 {
		var lengths [few]float64
		for i, v := range forms {
			d := v - centre[i%width]
			lengths[i/width] += d * d
		}
		slices.Sort(lengths[:])
		return lengths[few/2]
	}
	median, column := make([]float64, width), make([]float64, few)
	for k := range median {
		for s := range column {
			column[s] = forms[s*width+k]
		}
		slices.Sort(column)
		median[k] = column[few/2]
	}
	if typical(p.centre) > 64*typical(median) {
		p.centre = median
	}
}

// slack is what an estimate of a scaled order of up to v may be off: of the
// distance of a row of the given squared length to rows within v of it.
//
// With u = 2⁻²⁴, a dot product of m terms is off by at most m·u·|x||y|, its terms
// as float32 by 2u·|x||y|, and each of the sums that make |x|² + |y|² - 2xy of it
// by u of its size. Rows within √v of a row are no longer than |x| + √v. What is
// smaller than a float32 can be is lost besides.
func (p *packing) slack(norm, v float64) float64 {
	length := math.Sqrt(norm)
	far := min(p.reach, length+math.Sqrt(v))
	m := float64(len(p.centre))
	return 2*((m+4)*length*far+2*(norm+far*far))/(1<<24) + m*0x1p-120
}

// clear reports whether an estimate, which is a key plus the norm of the row that
// asks, exceeds the order worst by more than rounding can account for.
func (p *packing) clear(worst, norm, key float64) bool {
	worst *= p.scale * p.scale
	return worst < key+norm-p.slack(norm, worst)
}
