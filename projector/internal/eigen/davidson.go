package eigen

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ErrTolerance is returned where eigenvectors are not found as exactly as they
// are asked for.
var ErrTolerance = errors.New("eigen: the eigenvectors could not be found")

// A Davidson asks for the smallest eigenvalues of a symmetric positive
// semidefinite matrix that is known by its products, as in a [Problem],
// and by an approximate inverse. An eigenvalue may be any small part of the
// largest, as those of a curve of n points, which fall as 1/n²: so a residual r
// of eigenvalue λ is small enough when rᵀ·A⁻¹·r ≤ tol²·λ. Where the next
// eigenvalue is twice as large, the vector is then off by about tol.
type Davidson struct {
	Problem
	Inverse func(dst, src []float64) // dst ≈ A⁻¹·src

	v, av [][]float64 // orthonormal basis, and A times it
	h     [][]float64 // vᵀ·A·v, its lower triangle
}

// Smallest returns orthonormal eigenvectors by rising eigenvalue: the generalized
// Davidson method (Morgan and Scott, SIAM J. Sci. Stat. Comput. 7, 1986) with
// thick restarts, expanded by a residual for each eigenvector that is open.
func (p *Davidson) Smallest(ctx context.Context) ([][]float64, error) {
	size := min(p.Basis, p.N-len(p.Known))
	for len(p.v) < min(p.Want+1, size) {
		w, t := p.fresh(ctx, p.v), make([]float64, p.N)
		p.Inverse(t, w)
		if !p.extend(ctx, t) {
			p.extend(ctx, w)
		}
	}
	for range p.Rounds {
		lambda, s, ok := p.ritz()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !ok {
			return nil, ErrTolerance
		}
		x, residuals := p.combine(ctx, p.v, s, p.Want), p.combine(ctx, p.av, s, p.Want)
		var open [][]float64 // directions in which the eigenvectors still lean
		for k, r := range residuals {
			subtract(r, lambda[k:k+1], x[k:k+1], 0)
			t := make([]float64, p.N)
			p.Inverse(t, r)
			if !(p.dot(ctx, r, t) <= p.Tol*p.Tol*lambda[k]) {
				open = append(open, t)
			}
		}
		if len(open) == 0 || len(p.v) == p.N-len(p.Known) {
			return x, nil
		}
		if len(p.v)+len(open) > size {
			p.restart(ctx, lambda, s, min(p.Want+size/3, size-len(open)))
		}
		grown := false
		for _, t := range open {
			grown = p.extend(ctx, t) || grown
		}
		if !grown {
			return nil, ErrTolerance
		}
	}
	return nil, ErrTolerance
}

// extend adds what is new in w to the basis, and reports whether there was
// anything.
func (p *Davidson) extend(ctx context.Context, w []float64) bool {
	before := math.Sqrt(p.dot(ctx, w, w))
	after := before
	for range 4 {
		p.project(ctx, w, p.Known)
		p.project(ctx, w, p.v)
		length := math.Sqrt(p.dot(ctx, w, w))
		settled := length > 0.5*after // else what is left is so short that rounding shows: once more
		if after = length; settled {
			break
		}
	}
	if !(after > 1e-14*before) {
		return false
	}
	for i := range w {
		w[i] /= after
	}
	aw := make([]float64, p.N)
	p.Apply(aw, w)
	p.v, p.av = append(p.v, w), append(p.av, aw)
	row := make([]float64, len(p.v))
	for k, u := range p.v {
		row[k] = p.dot(ctx, u, aw)
	}
	p.h = append(p.h, row)
	return true
}

// ritz returns the eigenvalues of vᵀ·A·v, rising, and its eigenvectors as
// columns.
func (p *Davidson) ritz() ([]float64, *mat.Dense, bool) {
	h := mat.NewSymDense(len(p.h), nil)
	for i, row := range p.h {
		for j, x := range row {
			h.SetSym(i, j, x)
		}
	}
	var e mat.EigenSym
	if !e.Factorize(h, true) {
		return nil, nil, false
	}
	var s mat.Dense
	e.VectorsTo(&s)
	return e.Values(nil), &s, true
}

// restart keeps the Ritz vectors of the smallest values as the basis.
func (p *Davidson) restart(ctx context.Context, lambda []float64, s *mat.Dense, keep int) {
	p.v, p.av = p.combine(ctx, p.v, s, keep), p.combine(ctx, p.av, s, keep)
	p.h = make([][]float64, keep)
	for k := range p.h {
		p.h[k] = make([]float64, k+1)
		p.h[k][k] = lambda[k]
	}
}
