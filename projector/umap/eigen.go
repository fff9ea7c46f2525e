package umap

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

// An eigenProblem asks for the largest eigenvalues of a symmetric matrix that
// is known by its products alone.
type eigenProblem struct {
	n       int                      // order of the matrix
	apply   func(dst, src []float64) // dst = A·src
	known   [][]float64              // orthonormal eigenvectors to leave aside
	want    int                      // eigenvectors wanted, < n - len(known)
	basis   int                      // vectors kept at most, > want
	tol     float64                  // largest residual |A·v - θ·v| accepted, relative to the largest |θ|
	rounds  int                      // restarts at most
	seed    uint64
	workers int
}

// solve returns orthonormal eigenvectors by falling eigenvalue, and whether
// all met the tolerance: the Lanczos method with full orthogonalisation and
// thick restarts (Wu and Simon 2000). It is deterministic: partial sums are
// taken over fixed chunks.
func (p *eigenProblem) solve(ctx context.Context) (vectors [][]float64, converged bool, err error) {
	size := min(p.basis, p.n-len(p.known))
	v := make([][]float64, 0, size+1) // the basis, and last the next direction
	h := mat.NewSymDense(size, nil)   // A in that basis
	v = append(v, p.fresh(ctx, v))
	for round := 1; ; round++ {
		next := 0.0 // length of the last new direction before it was normalised
		for len(v) <= size && ctx.Err() == nil {
			j := len(v) - 1
			w := make([]float64, p.n)
			p.apply(w, v[j])
			p.project(ctx, w, p.known)
			before := math.Sqrt(p.dot(ctx, w, w))
			for i, c := range p.project(ctx, w, v) {
				h.SetSym(i, j, c)
			}
			p.project(ctx, w, p.known) // once is not enough: the second pass takes off what rounding left
			for i, c := range p.project(ctx, w, v) {
				h.SetSym(i, j, h.At(i, j)+c)
			}
			next = math.Sqrt(p.dot(ctx, w, w))
			if next > 1e-10*before {
				for i := range w {
					w[i] /= next
				}
			} else if next = 0; len(v) < size { // an invariant subspace: go on in another
				w = p.fresh(ctx, v)
			}
			v = append(v, w)
		}
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		var e mat.EigenSym
		if !e.Factorize(h, true) {
			return nil, false, nil
		}
		theta, s := e.Values(nil), new(mat.Dense)
		e.VectorsTo(s) // ascending
		top := max(math.Abs(theta[0]), math.Abs(theta[size-1]))
		converged = true
		for k := range p.want {
			converged = converged && math.Abs(next*s.At(size-1, size-1-k)) <= p.tol*top
		}
		keep := min(size-1, p.want+(size-p.want)/3)
		if converged || round == p.rounds {
			keep = min(size, p.want)
		}
		ritz := p.combine(ctx, v[:size], s, keep)
		if converged || round == p.rounds {
			return ritz, converged, nil
		}
		h.Zero()
		for k := range keep {
			h.SetSym(k, k, theta[size-1-k])
		}
		v = append(append(v[:0], ritz...), v[size])
	}
}

// fresh returns a random unit vector orthogonal to v and the known ones.
func (p *eigenProblem) fresh(ctx context.Context, v [][]float64) []float64 {
	w := make([]float64, p.n)
	for i := range w {
		w[i] = unit(draw(p.seed, uint64(len(v)), uint64(i))) - 0.5
	}
	for range 2 {
		p.project(ctx, w, p.known)
		p.project(ctx, w, v)
	}
	norm := math.Sqrt(p.dot(ctx, w, w))
	for i := range w {
		w[i] /= norm
	}
	return w
}

// project takes the components along v off w and returns their coefficients.
func (p *eigenProblem) project(ctx context.Context, w []float64, v [][]float64) []float64 {
	if len(v) == 0 {
		return nil
	}
	parts := make([]float64, (p.n+chunk-1)/chunk*len(v))
	chunks(ctx, p.n, p.workers, func(lo, hi int) {
		for k, u := range v {
			parts[lo/chunk*len(v)+k] = dot(u[lo:hi], w[lo:hi])
		}
	})
	c := make([]float64, len(v))
	for i, x := range parts {
		c[i%len(v)] += x
	}
	chunks(ctx, p.n, p.workers, func(lo, hi int) {
		part := w[lo:hi]
		for k, u := range v {
			f := c[k]
			for i, x := range u[lo:hi] {
				part[i] -= float64(f * x)
			}
		}
	})
	return c
}

// combine returns the products of v with the last keep columns of s, last first.
func (p *eigenProblem) combine(ctx context.Context, v [][]float64, s *mat.Dense, keep int) [][]float64 {
	out := make([][]float64, keep)
	for k := range out {
		out[k] = make([]float64, p.n)
	}
	chunks(ctx, p.n, p.workers, func(lo, hi int) {
		for k := range out {
			part := out[k][lo:hi]
			for j, u := range v {
				f := s.At(j, len(v)-1-k)
				for i, x := range u[lo:hi] {
					part[i] += float64(f * x)
				}
			}
		}
	})
	return out
}

func (p *eigenProblem) dot(ctx context.Context, a, b []float64) (sum float64) {
	parts := make([]float64, (p.n+chunk-1)/chunk)
	chunks(ctx, p.n, p.workers, func(lo, hi int) {
		parts[lo/chunk] = dot(a[lo:hi], b[lo:hi])
	})
	for _, x := range parts {
		sum += x
	}
	return sum
}

func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += float64(a[i] * b[i])
		s1 += float64(a[i+1] * b[i+1])
		s2 += float64(a[i+2] * b[i+2])
		s3 += float64(a[i+3] * b[i+3])
	}
	for ; i < len(a); i++ {
		s0 += float64(a[i] * b[i])
	}
	return (s0 + s1) + (s2 + s3)
}
