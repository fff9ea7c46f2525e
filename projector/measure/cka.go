package measure

import (
	"math"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// CKA returns the linear centred kernel alignment of a and b, two matrices of the same rows with dimA and dimB
// columns (see [Step.CKA]); ok is false when one of them has no variance. It panics when their rows differ in number.
func CKA(a []float32, dimA int, b []float32, dimB int) (v float64, ok bool) {
	n := len(a) / dimA
	if len(b)/dimB != n {
		panic("measure: CKA of matrices with different numbers of rows")
	}
	ta, tb := centredTranspose(a, dimA), centredTranspose(b, dimB)
	ab := crossNorm(ta, dimA, tb, dimB, n)
	aa := crossNorm(ta, dimA, ta, dimA, n)
	bb := crossNorm(tb, dimB, tb, dimB, n)
	if aa == 0 || bb == 0 {
		return 0, false
	}
	return min(1, ab/math.Sqrt(aa)/math.Sqrt(bb)), true
}

// centredTranspose returns xᵀ, dim×n, its rows less their means and scaled by one power of two.
func centredTranspose(x []float32, dim int) []float32 {
	n := len(x) / dim
	centre, largest := columnMeans(x, dim), 0.0
	for i, v := range x {
		largest = max(largest, math.Abs(float64(v)-centre[i%dim]))
	}
	_, exp := math.Frexp(largest)
	scale := math.Ldexp(1, -exp) // largest is below 2¹²⁹, and no float32 but 0 is below 2⁻¹⁴⁹
	t := make([]float32, len(x))
	for i := range n {
		for j, v := range x[i*dim : (i+1)*dim] {
			t[j*n+i] = float32((float64(v) - centre[j]) * scale)
		}
	}
	return t
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

// crossNorm returns ‖A·Bᵀ‖², the sum of the squares of all products of a row of a (p×n) with one of b (q×n), from
// blocks of rows so that p×q is never held.
func crossNorm(a []float32, p int, b []float32, q, n int) float64 {
	const block = 128
	c := make([]float32, min(block, p)*min(block, q))
	var sum float64
	for i := 0; i < p; i += block {
		h := min(block, p-i)
		for j := 0; j < q; j += block {
			w := min(block, q-j)
			product(c[:h*w], a[i*n:(i+h)*n], b[j*n:(j+w)*n], h, w, n)
			for _, v := range c[:h*w] {
				sum += float64(v) * float64(v)
			}
		}
	}
	return sum
}

// product sets c = a·bᵀ for a of m×k and b of n×k, all row-major.
func product(c, a, b []float32, m, n, k int) {
	vec.Sgemm(false, true, m, n, k, 1, a, k, b, k, 0, c, n, 1)
}
