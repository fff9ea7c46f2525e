// Package eigen finds some eigenvectors of symmetric matrices that are known by
// their products alone: the largest by the Lanczos method, the smallest by
// Davidson's. Both are deterministic, for any number of workers.
package eigen

import (
	"context"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"gonum.org/v1/gonum/mat"
)

// A Problem asks for the largest eigenvalues of a symmetric matrix that
// is known by its products alone.
type Problem struct {
	N       int                      // order of the matrix
	Apply   func(dst, src []float64) // dst = A·src
	Known   [][]float64              // orthonormal eigenvectors to leave aside
	Want    int                      // eigenvectors wanted, ≤ N - len(Known)
	Basis   int                      // vectors between restarts, > Want
	Tol     float64                  // largest residual |A·v - θ·v| accepted, relative to the largest |θ|
	Rounds  int                      // restarts at most
	Workers int                      // goroutines; 0 means GOMAXPROCS
}

// Largest returns orthonormal eigenvectors by falling eigenvalue, their
// eigenvalues, and whether all met the tolerance: the Lanczos method with full orthogonalisation and
// thick restarts (Wu and Simon 2000), begun with as many vectors as are wanted,
// so that an eigenvalue may be that many times one. It is deterministic:
// partial sums are taken over fixed chunks.
func (p *Problem) Largest(ctx context.Context) (vectors [][]float64, values []float64, converged bool, err error) {
	space := p.N - len(p.Known)
	size := min(p.Basis, space)
	var v [][]float64 // the basis; then the directions A leads to from it
	for range min(p.Want, space) {
		v = append(v, p.fresh(ctx, v))
	}
	h := mat.NewDense(size+p.Want, size, nil) // vᵀ·A·v, of as many columns as v[:size] has been applied to
	for round, done := 1, 0; ; round++ {
		for ; done < size && ctx.Err() == nil; done++ {
			w := make([]float64, p.N)
			p.Apply(w, v[done])
			before, after := math.Sqrt(p.dot(ctx, w, w)), 0.0
			for range 2 {
				p.project(ctx, w, p.Known)
				for i, c := range p.project(ctx, w, v) {
					h.Set(i, done, h.At(i, done)+c)
				}
				if after = math.Sqrt(p.dot(ctx, w, w)); after > 0.7*before {
					break // else once more (Daniel, Gragg, Kaufman and Stewart 1976): what w keeps of v grows by before/after a step
				}
			}
			if len(v) == space {
				continue
			}
			if after > 1e-10*before {
				h.Set(len(v), done, after)
				for i := range w {
					w[i] /= after
				}
			} else { // an invariant subspace: go on in another
				w = p.fresh(ctx, v)
			}
			v = append(v, w)
		}
		if ctx.Err() != nil {
			return nil, nil, false, ctx.Err()
		}
		theta, s, ok := ritz(h)
		if !ok {
			return nil, nil, false, nil
		}
		top := max(math.Abs(theta[0]), math.Abs(theta[size-1]))
		converged = true
		for k := range p.Want {
			converged = converged && residual(h, s, k) <= p.Tol*top
		}
		if converged || round == p.Rounds {
			return p.combine(ctx, v[:size], s, p.Want), theta[:p.Want], converged, nil
		}
		done = p.Want + (size-p.Want)/3 // Ritz vectors kept
		next := mat.NewDense(size+p.Want, size, nil)
		for k := range done {
			next.Set(k, k, theta[k])
			for i := range len(v) - size {
				next.Set(done+i, k, mat.Dot(h.RowView(size+i), s.ColView(k)))
			}
		}
		h = next
		v = append(p.combine(ctx, v[:size], s, done), v[size:]...)
	}
}

// ritz returns the eigenvalues, falling, and eigenvectors, as columns, of the
// square part of h.
func ritz(h *mat.Dense) (theta []float64, s *mat.Dense, ok bool) {
	_, n := h.Dims()
	sym := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			sym.SetSym(i, j, (h.At(i, j)+h.At(j, i))/2)
		}
	}
	var e mat.EigenSym
	if !e.Factorize(sym, true) {
		return nil, nil, false
	}
	theta = e.Values(nil)
	slices.Reverse(theta)
	var rising mat.Dense
	e.VectorsTo(&rising)
	s = mat.NewDense(n, n, nil)
	for j := range n {
		s.SetCol(j, mat.Col(nil, n-1-j, &rising))
	}
	return theta, s, true
}

// residual is the length of what A leads out of the basis from Ritz vector k.
func residual(h, s *mat.Dense, k int) float64 {
	rows, n := h.Dims()
	sum := 0.0
	for i := n; i < rows; i++ {
		c := mat.Dot(h.RowView(i), s.ColView(k))
		sum += c * c
	}
	return math.Sqrt(sum)
}

// startSeed is the seed of the vectors that a search begins with. It is no
// option: eigenvectors belong to the data, and a map should not be turned or
// mirrored by its seed.
const startSeed = 42

// fresh returns a random unit vector orthogonal to v and the known ones.
func (p *Problem) fresh(ctx context.Context, v [][]float64) []float64 {
	w := make([]float64, p.N)
	for i := range w {
		w[i] = random.Unit(random.Draw(startSeed, uint64(len(v)), uint64(i))) - 0.5
	}
	for range 2 {
		p.project(ctx, w, p.Known)
		p.project(ctx, w, v)
	}
	norm := math.Sqrt(p.dot(ctx, w, w))
	for i := range w {
		w[i] /= norm
	}
	return w
}

// project takes the components along v off w and returns their coefficients.
func (p *Problem) project(ctx context.Context, w []float64, v [][]float64) []float64 {
	if len(v) == 0 {
		return nil
	}
	parts := make([]float64, vec.ChunksOf(p.N)*len(v))
	vec.Chunks(ctx, p.N, p.Workers, func(lo, hi int) {
		for k, u := range v {
			parts[lo/vec.Chunk*len(v)+k] = Dot(u[lo:hi], w[lo:hi])
		}
	})
	c := make([]float64, len(v))
	for i, x := range parts {
		c[i%len(v)] += x
	}
	vec.Chunks(ctx, p.N, p.Workers, func(lo, hi int) {
		subtract(w[lo:hi], c, v, lo)
	})
	return c
}

// subtract takes Σ_k c_k·v_k off w, which is the part of a vector from lo on.
func subtract(w, c []float64, v [][]float64, lo int) {
	n, k := len(w), 0
	for ; k+4 <= len(v); k += 4 { // four at a time, to pass over w less often
		a, b, d, e := v[k][lo:][:n], v[k+1][lo:][:n], v[k+2][lo:][:n], v[k+3][lo:][:n]
		ca, cb, cd, ce := c[k], c[k+1], c[k+2], c[k+3]
		for i := range w {
			w[i] -= float64(ca*a[i]) + float64(cb*b[i]) + (float64(cd*d[i]) + float64(ce*e[i]))
		}
	}
	for ; k < len(v); k++ {
		f := c[k]
		for i, x := range v[k][lo:][:n] {
			w[i] -= float64(f * x)
		}
	}
}

// combine returns the products of v with the first keep columns of s.
func (p *Problem) combine(ctx context.Context, v [][]float64, s *mat.Dense, keep int) [][]float64 {
	out := make([][]float64, keep)
	for k := range out {
		out[k] = make([]float64, p.N)
	}
	vec.Chunks(ctx, p.N, p.Workers, func(lo, hi int) {
		c := make([]float64, len(v))
		for k := range out {
			for j := range c {
				c[j] = -s.At(j, k)
			}
			subtract(out[k][lo:hi], c, v, lo)
		}
	})
	return out
}

func (p *Problem) dot(ctx context.Context, a, b []float64) (sum float64) {
	parts := make([]float64, vec.ChunksOf(p.N))
	vec.Chunks(ctx, p.N, p.Workers, func(lo, hi int) {
		parts[lo/vec.Chunk] = Dot(a[lo:hi], b[lo:hi])
	})
	for _, x := range parts {
		sum += x
	}
	return sum
}

// Dot is Σ_i a_i·b_i, in one fixed order of terms.
func Dot(a, b []float64) float64 {
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

// Sign is 1 or -1, so that times it the entry of v that is largest in magnitude
// is positive: an eigenvector has no sign of its own.
func Sign(v []float64) float64 {
	at := 0
	for i, c := range v {
		if math.Abs(c) > math.Abs(v[at]) {
			at = i
		}
	}
	return math.Copysign(1, v[at])
}
