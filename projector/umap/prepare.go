package umap

import (
	"context"
	"math"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/internal/eigen"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// A Preparation is what happens to rows before their neighbours are found, as
// Options.Scale and Options.PCA ask: learnt from the rows of a fit, and
// applied to them and to those that [Model.Transform] places.
type Preparation struct {
	in, out     int       // columns
	shift, rate []float64 // per column, v becomes (v - shift)·rate; nil = unchanged
	unit        bool      // rows get length 1
	mean        []float64 // of the scaled rows
	axes        []float64 // out×in, principal ones; nil = all columns stay
}

// Prepare learns a preparation from the rows of x (n×dim, row-major).
//
// A scale "standardize" takes the mean off every column and divides it by its
// standard deviation (a constant column becomes 0), "unit" divides every row by
// its length (a row of zeros stays), "none" or "" does neither. After that, a
// pca above 0 turns rows into their coordinates on that many principal
// components, which keep the rows' unit.
func Prepare(ctx context.Context, x []float32, dim int, scale string, pca, workers int) (*Preparation, error) {
	n, err := space.Check(x, dim)
	if err != nil {
		return nil, err
	}
	p := &Preparation{in: dim, out: dim, unit: scale == "unit"}
	switch {
	case !knownScale(scale):
		return nil, refuseScale(scale)
	case pca < 0 || pca > dim:
		return nil, refuse("pca = %d, want 0 (all columns) to the number of columns (%d)", pca, dim)
	case n == 0:
		return nil, refuse("no rows to learn a preparation from")
	}
	if scale == "standardize" {
		p.shift, p.rate = moments(x, dim)
	}
	if pca == 0 {
		return p, nil
	}
	if x, err = p.Apply(ctx, x, workers); err != nil {
		return nil, err
	}
	principal, err := space.PrincipalAxes(ctx, x, dim, pca, workers)
	if err != nil {
		return nil, err
	}
	p.mean, p.out, p.axes = principal.Mean, pca, make([]float64, pca*dim) // components that the rows do not have are 0
	for k, a := range principal.Axes {
		copy(p.axes[k*dim:], a)
	}
	return p, nil
}

// In returns how many columns rows must have.
func (p *Preparation) In() int { return p.in }

// Columns returns how many columns prepared rows have.
func (p *Preparation) Columns() int { return p.out }

// Apply returns the rows of x prepared, or x itself where nothing is to do.
// What becomes of a row does not depend on the others.
func (p *Preparation) Apply(ctx context.Context, x []float32, workers int) ([]float32, error) {
	n, err := space.Check(x, p.in)
	if err != nil {
		return nil, err
	}
	if p.rate == nil && !p.unit && p.axes == nil {
		return x, nil
	}
	y := make([]float32, n*p.out)
	err = vec.Chunks(ctx, n, workers, func(lo, hi int) {
		row := make([]float64, p.in)
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			p.scale(row, x[i*p.in:(i+1)*p.in])
			p.project(y[i*p.out:(i+1)*p.out], row)
		}
	})
	if err != nil {
		return nil, err
	}
	if _, err := space.Check(y, p.out); err != nil {
		return nil, refuse("values are too large to be prepared (%v)", err)
	}
	return y, nil
}

func (p *Preparation) scale(dst []float64, src []float32) {
	sum := 0.0
	for j, v := range src {
		d := float64(v)
		if p.rate != nil {
			d = (d - p.shift[j]) * p.rate[j]
		}
		dst[j] = d
		sum += float64(d * d)
	}
	if p.unit && sum > 0 {
		length := math.Sqrt(sum)
		for j := range dst {
			dst[j] /= length
		}
	}
}

func (p *Preparation) project(dst []float32, row []float64) {
	if p.axes == nil {
		for j, v := range row {
			dst[j] = float32(v)
		}
		return
	}
	for j, m := range p.mean {
		row[j] -= m
	}
	for k := range dst {
		dst[k] = float32(eigen.Dot(row, p.axes[k*p.in:(k+1)*p.in]))
	}
}

// moments returns the mean of each column and 1 / its standard deviation, 0
// for a column that is constant.
func moments(x []float32, dim int) (mean, rate []float64) {
	n := float64(len(x) / dim)
	mean, rate = make([]float64, dim), make([]float64, dim)
	for i, v := range x {
		mean[i%dim] += float64(v) / n
	}
	for i, v := range x {
		d := float64(v) - mean[i%dim]
		rate[i%dim] += d * d / n
	}
	for j, v := range rate {
		// The mean of equal values is off by rounding.
		if sd := math.Sqrt(v); sd > 1e-12*math.Abs(mean[j]) {
			rate[j] = 1 / sd
		} else {
			rate[j] = 0
		}
	}
	return mean, rate
}
