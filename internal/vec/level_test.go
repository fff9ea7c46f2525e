package vec

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// TestLevelAsked fails when a test run was meant for a level that it did not get.
func TestLevelAsked(t *testing.T) {
	if asked := os.Getenv(LevelVariable); asked != "" && CPU().String() != asked {
		t.Errorf("%s=%s, but the kernels run at %s", LevelVariable, asked, CPU())
	}
}

func TestChoose(t *testing.T) {
	for _, test := range []struct {
		name  string
		best  Level
		asked string
		want  Level
	}{
		{"best", AVX512, "", AVX512},
		{"same", AVX512, "avx512", AVX512},
		{"lower", AVX512, "avx2", AVX2},
		{"lowest", AVX2, "generic", Generic},
		{"not there", AVX2, "avx512", AVX2},
		{"unknown", AVX2, "sse", AVX2},
	} {
		if got := choose(test.best, test.asked); got != test.want {
			t.Errorf("%s: choose(%v, %q) = %v, want %v", test.name, test.best, test.asked, got, test.want)
		}
	}
}

// eachLevel runs f at every level that the CPU has.
func eachLevel(t *testing.T, f func(t *testing.T)) {
	chosen := level
	defer func() { level = chosen }()
	for l := Generic; l <= best; l++ {
		level = l
		t.Run(l.String(), f)
	}
}

// near reports whether got is want within tol, relative to scale: the sum of the
// sizes of what was added up.
func near(got, want, scale, tol float64) bool {
	return math.Abs(got-want) <= tol*(scale+1e-30)
}

// fill writes reproducible values around zero.
func fill(x []float32, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}
