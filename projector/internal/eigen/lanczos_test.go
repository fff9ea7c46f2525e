package eigen

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestLargest holds eigenvectors and eigenvalues against those of the dense matrix, for spectra that fall slowly, that are
// nearly flat, and that have an eigenvalue twice or end early.
func TestLargest(t *testing.T) {
	const n, want = 60, 2
	for name, spectrum := range map[string]func(k int) float64{
		"falling":       func(k int) float64 { return math.Pow(0.9, float64(k)) },
		"nearly flat":   func(k int) float64 { return 1 + 0.2*math.Pow(0.95, float64(k)) },
		"flat":          func(int) float64 { return 3 },
		"first twice":   func(k int) float64 { return 1 / float64(1+k/2) },
		"of rank 1":     func(k int) float64 { return float64(max(0, 1-k)) },
		"of rank 3":     func(k int) float64 { return float64(max(0, 3-k)) },
		"one far ahead": func(k int) float64 { return 1 + 1e6*float64(max(0, 1-k)) },
	} {
		a := symmetric(n, spectrum)
		p := &Problem{N: n, Want: want, Basis: want + 24, Tol: 1e-6, Rounds: 30, Workers: 1}
		p.Apply = func(dst, src []float64) {
			mat.NewVecDense(n, dst).MulVec(a, mat.NewVecDense(n, src))
		}
		vectors, values, converged, err := p.Largest(t.Context())
		if err != nil || !converged || len(vectors) != want || len(values) != want {
			t.Errorf("%s: %d vectors, %d values, converged %v, %v", name, len(vectors), len(values), converged, err)
			continue
		}
		for k, v := range vectors {
			if e := math.Abs(values[k] - spectrum(k)); e > 1e-6*spectrum(0) {
				t.Errorf("%s: eigenvalue %d is %v, want %v", name, k, values[k], spectrum(k))
			}
			for j, u := range vectors[:k+1] {
				if e := math.Abs(Dot(u, v) - float64(1-min(1, k-j))); e > 1e-12 {
					t.Errorf("%s: the product of vectors %d and %d is off by %v", name, j, k, e)
				}
			}
			w, off := make([]float64, n), 0.0
			p.Apply(w, v)
			for i := range w {
				off += (w[i] - values[k]*v[i]) * (w[i] - values[k]*v[i])
			}
			if math.Sqrt(off) > 2e-6*spectrum(0) {
				t.Errorf("%s: the residual of vector %d is %v", name, k, math.Sqrt(off))
			}
		}
	}
}

// symmetric returns Q·diag(spectrum)·Qᵀ for a random rotation Q.
func symmetric(n int, spectrum func(k int) float64) *mat.Dense {
	r := rand.New(rand.NewPCG(1, 2))
	g := mat.NewDense(n, n, nil)
	g.Apply(func(_, _ int, _ float64) float64 { return r.NormFloat64() }, g)
	var qr mat.QR
	qr.Factorize(g)
	var q, a mat.Dense
	qr.QTo(&q)
	a.Apply(func(_, k int, v float64) float64 { return v * spectrum(k) }, &q)
	a.Mul(&a, q.T())
	return &a
}
