package vec

import (
	"math"
	"slices"
	"testing"
)

const maxLen = 129

func TestDot(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for n := range maxLen + 1 {
			x, y := fill(guarded(t, n), 1), fill(guarded(t, n), 2)
			var want, scale float64
			for i, v := range x {
				want += float64(v) * float64(y[i])
				scale += math.Abs(float64(v) * float64(y[i]))
			}
			if got := Dot(x, y); !near(float64(got), want, scale, 1e-6) {
				t.Errorf("Dot(n=%d) = %v, want %v", n, got, want)
			}
		}
	})
}

func TestSqDist(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for n := range maxLen + 1 {
			x, y := fill(guarded(t, n), 1), fill(guarded(t, n), 2)
			var want float64
			for i, v := range x {
				d := float64(v) - float64(y[i])
				want += d * d
			}
			if got := SqDist(x, y); !near(float64(got), want, want, 1e-6) {
				t.Errorf("SqDist(n=%d) = %v, want %v", n, got, want)
			}
		}
	})
}

func TestAxpy(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for n := range maxLen + 1 {
			x, y := fill(guarded(t, n), 1), fill(guarded(t, n), 2)
			old := slices.Clone(y)
			Axpy(0.3, x, y)
			for i, v := range x {
				want := float64(old[i]) + float64(float32(0.3))*float64(v)
				if !near(float64(y[i]), want, math.Abs(float64(old[i]))+math.Abs(float64(v)), 1e-6) {
					t.Errorf("Axpy(n=%d): y[%d] = %v, want %v", n, i, y[i], want)
				}
			}
		}
	})
}

func TestNearer(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for n := range maxLen + 1 {
			dots, norms := fill(guarded(t, n), 1), fill(guarded(t, n), 2)
			for _, limit := range []float32{-1e9, -2, 0, 1.5, 1e9} {
				found, want := make([]int32, n), make([]int32, n)
				got := Nearer(found, dots, norms, limit)
				k := nearerGeneric(want, dots, norms, limit)
				if !slices.Equal(found[:got], want[:k]) {
					t.Errorf("Nearer(n=%d, limit=%v) = %v, want %v", n, limit, found[:got], want[:k])
				}
			}
		}
	})
}

func TestBelow(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for n := range 2*maxLen + 1 {
			x := fill(guarded(t, n), 1)
			if n > 2 {
				x[n/2] = float32(math.Inf(1))
			}
			for _, limit := range []float32{-1e9, -2, 0, 1.5, 1e9, float32(math.Inf(1))} {
				if got, want := Below(x, limit), belowGeneric(x, limit); got != want {
					t.Errorf("Below(n=%d, limit=%v) = %d, want %d", n, limit, got, want)
				}
			}
		}
	})
}

func TestLengths(t *testing.T) {
	x, y := make([]float32, 3), make([]float32, 4)
	for name, f := range map[string]func(){
		"Dot":           func() { Dot(x, y) },
		"SqDist":        func() { SqDist(x, y) },
		"Axpy":          func() { Axpy(1, x, y) },
		"Nearer":        func() { Nearer(make([]int32, 9), x, y, 0) },
		"Nearer, found": func() { Nearer(make([]int32, 2), x, x, 0) },
	} {
		t.Run(name, func(t *testing.T) { mustPanic(t, f) })
	}
}

func mustPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}
