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

// The second convolution of the example: 7×7 windows, 32 to 64 channels. Rates
// are of the direct method's operations, so that they compare.
func BenchmarkConv(b *testing.B) {
	const high, wide, c, k, n = 7, 7, 32, 64, 49
	const flops = 4 * n * 9 * c * k * 2
	row := (2*wide + 2) * Lanes()
	plane := (2*high + 2) * row
	x := fill(Aligned(plane*c/Lanes()), 1)
	v, m := Aligned(WinogradPlaces*112*c), Aligned(WinogradPlaces*112*k)
	u, bias := fill(Aligned(WinogradPlaces*c*k), 2), make([]float32, k)
	y, code := Aligned(112*k), make([]uint8, 112*k)
	b.Run("winogradInput", func(b *testing.B) {
		measure(b, flops, func() {
			for r := range high {
				WinogradInput(v[r*wide*c:], 112*c, x[2*r*row:], row, plane, c, wide)
			}
		})
	})
	b.Run("winogradTiles", func(b *testing.B) {
		measure(b, 2*flops, func() {
			for p := range WinogradPlaces {
				Tiles(m[p*112*k:], k, v[p*112*c:], c, 98, c, u[p*k*c:], k)
			}
		})
	})
	b.Run("winogradOutput", func(b *testing.B) {
		measure(b, flops, func() { WinogradOutput(y, code, m, 112*k, bias, k, n) })
	})
	g := fill(make([]float32, n*k), 3)
	for i := range code {
		code[i] = []uint8{0, 1, 2, 3, Dead, 0, 3, Dead, 2, 1, Dead}[i*7919%11]
	}
	r := NewRoutes(high, wide, k, c, row, plane)
	r.Fill(g, code)
	b.Run("fill", func(b *testing.B) {
		measure(b, flops, func() { r.Fill(g, code) })
	})
	dw, db, dx := Aligned(9*c*k), Aligned(k), Aligned(len(x))
	b.Run("gather", func(b *testing.B) {
		measure(b, flops, func() { r.Gather(dw, db, x) })
	})
	b.Run("scatter", func(b *testing.B) {
		measure(b, flops, func() { r.Scatter(dx, u) })
	})
}

// The first convolution of the example: 14×14 windows, 1 to 32 channels.
func BenchmarkThinConv(b *testing.B) {
	const high, wide, k, n = 14, 14, 32, 196
	const flops = 4 * n * 9 * k * 2
	row := 2*wide + 2
	x := fill(Aligned((2*high+2)*row), 1)
	w, bias := fill(Aligned(9*k), 2), make([]float32, k)
	y, code := Aligned(n*k), make([]uint8, n*k)
	_, cols := TileShape()
	b.Run("convPool", func(b *testing.B) {
		measure(b, flops, func() {
			for o := 0; o < k; o += cols {
				for r := range high {
					ConvPool(y[r*wide*k+o:], code[r*wide*k+o:], k, x[2*r*row:], row, 1, w[o*9:], bias[o:], wide)
				}
			}
		})
	})
	g, db := fill(make([]float32, n*k), 3), make([]float32, k)
	b.Run("poolGrad", func(b *testing.B) {
		measure(b, flops, func() {
			for o := 0; o < k; o += cols {
				for r := range high {
					PoolGrad(w[o*9:], db[o:], g[r*wide*k+o:], code[r*wide*k+o:], k, x[2*r*row:], row, 1, wide)
				}
			}
		})
	})
}

func BenchmarkAdam(b *testing.B) {
	const n = 421642
	s := NewAdamStep(1, 1e-3, 0.9, 0.999, 1e-8)
	w, m, v, g := Aligned(n), Aligned(n), Aligned(n), fill(Aligned(n), 1)
	measure(b, 12*n, func() { Adam(&s, w, m, v, g) })
}
