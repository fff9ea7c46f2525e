package vec

import "testing"

// measure runs f as the benchmark, on one worker, and reports the rate of its
// floating point operations by processor time.
func measure(b *testing.B, flops float64, f func()) {
	f()
	start, n := cpuTime(), 0
	for b.Loop() {
		f()
		n++
	}
	b.ReportMetric(flops*float64(n)/(cpuTime()-start).Seconds()/1e9, "GFLOP/cpu-s")
}

func BenchmarkSgemm(b *testing.B) {
	for _, s := range []struct {
		name           string
		transA, transB bool
		m, n, k        int
	}{
		{"square1024", false, false, 1024, 1024, 1024},
		{"square2048", false, false, 2048, 2048, 2048},
		{"fc1Forward", false, false, 128, 128, 3136},
		{"fc1DW", true, false, 3136, 128, 128},
		{"fc1DX", false, true, 128, 3136, 128},
		{"square1000", false, false, 1000, 1000, 1000},
	} {
		b.Run(s.name, func(b *testing.B) {
			x, y, c := fill(make([]float32, s.m*s.k), 1), fill(make([]float32, s.k*s.n), 2), make([]float32, s.m*s.n)
			lda, ldb := s.k, s.n
			if s.transA {
				lda = s.m
			}
			if s.transB {
				ldb = s.k
			}
			measure(b, 2*float64(s.m*s.n*s.k), func() {
				Sgemm(s.transA, s.transB, s.m, s.n, s.k, 1, x, lda, y, ldb, 0, c, s.n, 1)
			})
		})
	}
}

func BenchmarkProducts(b *testing.B) {
	const n, dim, cols = 4096, 128, 512
	x := fill(make([]float32, n*dim), 1)
	left, right := PackLeft(x, dim, 1), PackRight(x, dim, 1)
	rows := 4 * left.Step()
	dst := make([]float32, rows*cols)
	measure(b, 2*float64(rows)*n*dim, func() {
		for c := 0; c < n; c += cols {
			Products(dst, left, 0, rows, right, c, c+cols)
		}
	})
}
