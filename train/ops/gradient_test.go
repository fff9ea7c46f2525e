package ops

import (
	"math"
	"os"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// TestLevelAsked fails when a test run was meant for kernels that it did not get.
func TestLevelAsked(t *testing.T) {
	if asked := os.Getenv(vec.LevelVariable); asked != "" && vec.CPU().String() != asked {
		t.Errorf("%s=%s, but the kernels run at %s", vec.LevelVariable, asked, vec.CPU())
	}
}

func sqrt(n int) float64 { return math.Sqrt(float64(n)) }

// networks are the example at four batch sizes and two other shapes: sides that
// are no multiples of anything, odd ones, several input channels, and channels
// that fill no vector.
func networks() []network {
	all := []network{
		example(1), example(7), example(96), example(128),
		{n: 5, c: 3, high: 21, wide: 18, k1: 20, k2: 33, hidden: 17, to: 5, layout: ChannelsLast},
		{n: 3, c: 2, high: 12, wide: 23, k1: 7, k2: 40, hidden: 30, to: 11},
	}
	if testing.Short() || raceEnabled {
		return slices.Concat(all[1:2], all[4:])
	}
	return all
}

// relative is the largest difference, relative to the largest of b.
func relative(a, b []float32) float64 {
	var d, size float64
	for i, v := range b {
		d = max(d, math.Abs(float64(a[i])-float64(v)))
		size = max(size, math.Abs(float64(v)))
	}
	return d / size
}

func TestGradientsAgainstStock(t *testing.T) {
	for _, s := range networks() {
		t.Run(s.String(), func(t *testing.T) {
			p := s.parameters()
			x, y := s.batch()
			ours, stock := s.ours(t, p), s.stock(t, p)
			a, b := ours.run(t, x, y), stock.run(t, x, y)
			if math.Abs(a-b) > 1e-6*b {
				t.Errorf("loss %v, stock %v", a, b)
			}
			for i := range p {
				if d := relative(ours.gradient(t, i), stock.gradient(t, i)); d > 1e-5 {
					t.Errorf("parameter %d: gradient differs from stock by %.2g", i, d)
				} else {
					t.Logf("parameter %d: %.2g", i, d)
				}
			}
		})
	}
}

// TestFiniteDifferences moves, for each parameter, along its gradient: the loss
// must change as the gradient's length says.
func TestFiniteDifferences(t *testing.T) {
	for _, s := range []network{example(7), networks()[len(networks())-2], networks()[len(networks())-1]} {
		p := s.parameters()
		x, y := s.batch()
		r := s.ours(t, p)
		r.run(t, x, y)
		for i := range p {
			g := r.gradient(t, i)
			var square float64
			for _, v := range g {
				square += float64(v) * float64(v)
			}
			w := r.p[i].Value().(*tensor.Dense).Float32s()
			old := slices.Clone(w)
			step := 5e-4 / math.Sqrt(square)
			loss := func(sign float64) float64 {
				for j := range w {
					w[j] = old[j] + float32(sign*step*float64(g[j]))
				}
				return r.run(t, x, y)
			}
			got := (loss(1) - loss(-1)) / (2 * step * square)
			copy(w, old)
			if math.Abs(got-1) > 0.03 {
				t.Errorf("%v: parameter %d: the loss changes by %.4f of what the gradient says", s, i, got)
			}
		}
	}
}

func TestWorkers(t *testing.T) {
	for _, s := range []network{example(7), networks()[len(networks())-1]} {
		p := s.parameters()
		x, y := s.batch()
		s.workers = 1
		one := s.ours(t, p)
		want := one.run(t, x, y)
		for _, s.workers = range []int{2, 3, 8} {
			r := s.ours(t, p)
			if got := r.run(t, x, y); got != want {
				t.Errorf("%v: loss %v with %d workers, %v with one", s, got, s.workers, want)
			}
			for i := range p {
				if !slices.Equal(r.gradient(t, i), one.gradient(t, i)) {
					t.Errorf("%v: gradient of parameter %d differs with %d workers", s, i, s.workers)
				}
			}
		}
	}
}
