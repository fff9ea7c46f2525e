package train

import (
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// bowl is a parameter in the bowl Σ a(w-c)², with a gradient to match.
type bowl struct {
	p    *parameter
	grad *tensor.Dense
}

func (b bowl) Value() G.Value         { return b.p.value }
func (b bowl) Grad() (G.Value, error) { return b.grad, nil }

// TestAdam walks 300 steps down a bowl beside PyTorch's formula in float64 and Gorgonia's solver.
func TestAdam(t *testing.T) {
	const n, rate = 64, 1e-2
	mine := newBowl(n)
	theirs := newBowl(n)
	solver := G.NewAdamSolver(G.WithLearnRate(rate))
	a := adam{rate: rate, parameters: []*parameter{mine.p}}
	w, m, v := make([]float64, n), make([]float64, n), make([]float64, n)
	for step := 1; step <= 300; step++ {
		mine.slope()
		if err := a.Step([]G.ValueGrad{mine}); err != nil {
			t.Fatal(err)
		}
		theirs.slope()
		if err := solver.Step([]G.ValueGrad{theirs}); err != nil {
			t.Fatal(err)
		}
		for i := range w {
			g := gradient(i, w[i])
			m[i] = 0.9*m[i] + 0.1*g
			v[i] = 0.999*v[i] + 0.001*g*g
			mHat, vHat := m[i]/(1-math.Pow(0.9, float64(step))), v[i]/(1-math.Pow(0.999, float64(step)))
			w[i] -= rate * mHat / (math.Sqrt(vHat) + 1e-8)
		}
	}
	near(t, "against the formula", mine.p.weights(), w, 1e-5)
	near(t, "Gorgonia's against the formula", theirs.p.weights(), w, 1e-5)
}

func TestAdamDoesNotAllocate(t *testing.T) {
	b := newBowl(64)
	b.slope()
	a, model := adam{rate: 1, parameters: []*parameter{b.p}}, []G.ValueGrad{b}
	if n := testing.AllocsPerRun(10, func() { a.Step(model) }); n != 0 {
		t.Errorf("a step allocates %g times, want 0", n)
	}
}

func newBowl(n int) bowl {
	flat := func() *tensor.Dense { return tensor.New(tensor.WithShape(n), tensor.Of(tensor.Float32)) }
	p := &parameter{value: flat(), mean: make([]float32, n), variance: make([]float32, n)}
	return bowl{p, flat()}
}

func (b bowl) slope() {
	g := b.grad.Data().([]float32)
	for i, w := range b.p.weights() {
		g[i] = float32(gradient(i, float64(w)))
	}
}

func gradient(i int, w float64) float64 { return 0.01 * float64(1+i) * (w - float64(i%7)) }
