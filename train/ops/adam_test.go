package ops

import (
	"math"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

type weights struct{ w, g *tensor.Dense }

func (v weights) Value() G.Value         { return v.w }
func (v weights) Grad() (G.Value, error) { return v.g, nil }

// TestAdam compares 200 steps with the formula in float64, on a parameter of
// several pieces of work.
func TestAdam(t *testing.T) {
	const n, rate = 2*adamPiece + 77, 1e-3
	p := weights{
		tensor.New(tensor.WithShape(n), tensor.WithBacking(normal(n, 1, 1))),
		tensor.New(tensor.WithShape(n), tensor.Of(tensor.Float32)),
	}
	want, m, v := make([]float64, n), make([]float64, n), make([]float64, n)
	for i, w := range p.w.Float32s() {
		want[i] = float64(w)
	}
	a := NewAdam(rate)
	for step := 1; step <= 200; step++ {
		g := p.g.Float32s()
		copy(g, normal(n, 1e-3, uint64(step)))
		for i, d := range g {
			d := float64(d)
			m[i] = 0.9*m[i] + 0.1*d
			v[i] = 0.999*v[i] + 0.001*d*d
			want[i] -= rate * m[i] / (1 - math.Pow(0.9, float64(step))) /
				(math.Sqrt(v[i]/(1-math.Pow(0.999, float64(step)))) + 1e-8)
		}
		if err := a.Step([]G.ValueGrad{p}); err != nil {
			t.Fatal(err)
		}
	}
	for i, w := range p.w.Float32s() {
		if math.Abs(float64(w)-want[i]) > 1e-5 {
			t.Fatalf("weight %d is %v after 200 steps, want %v", i, w, want[i])
		}
	}
	if steps, first, second := a.State(); steps != 200 || len(first) != 1 || len(second[0]) != n {
		t.Errorf("State: %d steps, %d means", steps, len(first))
	}
	if err := a.Step(nil); err == nil {
		t.Error("no error for a model with fewer parameters")
	}
}

// TestRestore takes three steps at once, and with another solver for the last one.
func TestRestore(t *testing.T) {
	const n = 50
	run := func(restore bool) []float32 {
		p := weights{
			tensor.New(tensor.WithShape(n), tensor.WithBacking(normal(n, 1, 1))),
			tensor.New(tensor.WithShape(n), tensor.WithBacking(normal(n, 1, 2))),
		}
		a := NewAdam(1e-2)
		for step := range 3 {
			if step == 2 && restore {
				b := NewAdam(1e-2)
				b.Restore(a.State())
				a = b
			}
			if err := a.Step([]G.ValueGrad{p}); err != nil {
				t.Fatal(err)
			}
		}
		return p.w.Float32s()
	}
	if !slices.Equal(run(true), run(false)) {
		t.Error("a solver that was restored takes another step")
	}
}
