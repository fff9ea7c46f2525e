package vec

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestSgemm(t *testing.T) {
	sizes := [][3]int{
		{1, 1, 1}, {1, 10, 300}, {14, 32, 1}, {15, 33, 7}, {5, 3, 2}, {6, 16, 257}, {113, 65, 129}, {28, 64, 600}, {130, 31, 17},
		{1, 4100, 3}, {300, 1, 64},
	}
	if raceEnabled {
		sizes = sizes[:6]
	}
	eachLevel(t, func(t *testing.T) {
		for _, s := range sizes {
			m, n, k := s[0], s[1], s[2]
			for trans := range 4 {
				for _, f := range [][2]float32{{1, 0}, {1, 1}, {-0.5, 0.25}} {
					testSgemm(t, trans&1 != 0, trans&2 != 0, m, n, k, f[0], f[1])
				}
			}
		}
	})
}

func testSgemm(t *testing.T, transA, transB bool, m, n, k int, alpha, beta float32) {
	t.Helper()
	matrix := func(trans bool, rows, cols int, seed uint64) ([]float32, int) {
		if trans {
			rows, cols = cols, rows
		}
		ld := cols + 3
		return fill(guarded(t, (rows-1)*ld+cols), seed), ld
	}
	a, lda := matrix(transA, m, k, 1)
	b, ldb := matrix(transB, k, n, 2)
	c, ldc := matrix(false, m, n, 3)
	old := slices.Clone(c)
	if beta == 0 {
		for i := range m {
			for j := range n {
				c[i*ldc+j] = float32(math.NaN()) // must not be read
			}
		}
	}
	Sgemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, 1)
	name := fmt.Sprintf("Sgemm(%v, %v, %d×%d×%d, %v, %v)", transA, transB, m, n, k, alpha, beta)
	for i := range m {
		for j := range ldc {
			at := i*ldc + j
			if at == len(c) {
				break
			}
			want, scale := float64(old[at]), 0.0
			if j < n {
				want *= float64(beta)
				scale = math.Abs(want)
				for p := range k {
					u, v := a[entry(transA, i, p, lda)], b[entry(transB, p, j, ldb)]
					want += float64(alpha) * float64(u) * float64(v)
					scale += math.Abs(float64(alpha) * float64(u) * float64(v))
				}
			}
			if !near(float64(c[at]), want, scale, 2e-6) {
				t.Fatalf("%s: c[%d][%d] = %v, want %v", name, i, j, c[at], want)
			}
		}
	}
}

// entry is where op(X)[i][j] is stored.
func entry(trans bool, i, j, ld int) int {
	if trans {
		return j*ld + i
	}
	return i*ld + j
}

func TestSgemmWorkers(t *testing.T) {
	const m, n, k = 301, 203, 515
	a, b := fill(make([]float32, m*k), 1), fill(make([]float32, k*n), 2)
	eachLevel(t, func(t *testing.T) {
		want := fill(make([]float32, m*n), 3)
		Sgemm(false, false, m, n, k, 1, a, k, b, n, 1, want, n, 1)
		for _, workers := range []int{2, 3, 8} {
			got := fill(make([]float32, m*n), 3)
			Sgemm(false, false, m, n, k, 1, a, k, b, n, 1, got, n, workers)
			if !slices.Equal(got, want) {
				t.Errorf("Sgemm with %d workers differs from one", workers)
			}
		}
	})
}

func TestSgemmAllocates(t *testing.T) {
	const n = 200
	a, b, c := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
	f := func() { Sgemm(false, true, n, n, n, 1, a, n, b, n, 0, c, n, 2) }
	f()
	if got := testing.AllocsPerRun(20, f); got > 0 && !raceEnabled {
		t.Errorf("Sgemm allocates %v times a call", got)
	}
}

func TestSgemmShapes(t *testing.T) {
	x := make([]float32, 6)
	for name, f := range map[string]func(){
		"negative":    func() { Sgemm(false, false, -1, 2, 3, 1, x, 3, x, 2, 0, x, 2, 1) },
		"short row":   func() { Sgemm(false, false, 2, 2, 3, 1, x, 2, x, 2, 0, x, 2, 1) },
		"short slice": func() { Sgemm(false, false, 3, 2, 3, 1, x, 3, x, 2, 0, x, 2, 1) },
	} {
		t.Run(name, func(t *testing.T) { mustPanic(t, f) })
	}
}

func TestProducts(t *testing.T) {
	const dim, n = 37, 101
	x := fill(make([]float32, n*dim), 1)
	eachLevel(t, func(t *testing.T) {
		left, right := PackLeft(x, dim, 2), PackRight(x, dim, 2)
		rows, cols := 2*left.Step(), right.Step()
		dst := make([]float32, rows*cols)
		var all [n][n]float32
		for r := 0; r < n; r += rows {
			for c := 0; c < n; c += cols {
				r1, c1 := min(r+rows, n), min(c+cols, n)
				ld := Products(dst, left, r, r1, right, c, c1)
				for i := r; i < r1; i++ {
					copy(all[i][c:c1], dst[(i-r)*ld:])
				}
			}
		}
		for i := range n {
			for j := range n {
				want := Dot(x[i*dim:(i+1)*dim], x[j*dim:(j+1)*dim])
				if !near(float64(all[i][j]), float64(want), dim, 1e-6) {
					t.Fatalf("Products: [%d][%d] = %v, want %v", i, j, all[i][j], want)
				}
				if all[i][j] != all[j][i] {
					t.Fatalf("Products: [%d][%d] and [%d][%d] differ", i, j, j, i)
				}
			}
		}
	})
}
