package train

import (
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Adam's constants (Kingma and Ba 2015), PyTorch's defaults.
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// adam is a gorgonia.Solver over a model's parameters. Unlike Gorgonia's, it shows its state, which
// checkpoints need, allocates nothing, and leaves the gradients as they are.
type adam struct {
	rate       float64
	step       int // taken so far
	parameters []*parameter
}

var _ G.Solver = (*adam)(nil)

// Step updates the parameters, which must come in the order of a.parameters, from their gradients.
func (a *adam) Step(model []G.ValueGrad) error {
	a.step++
	size := a.rate / (1 - math.Pow(beta1, float64(a.step)))
	root := math.Sqrt(1 - math.Pow(beta2, float64(a.step)))
	for i, n := range model {
		g, err := n.Grad()
		if err != nil {
			return err
		}
		p := a.parameters[i]
		descend(p.weights(), g.(*tensor.Dense).Float32s(), p.mean, p.variance, float32(size), float32(root))
	}
	return nil
}

// descend moves w against gradient g, in the order of PyTorch's operations:
// m += (1-β₁)(g-m); v = β₂v + (1-β₂)g²; w -= size · m / (√v/root + ε).
func descend(w, g, m, v []float32, size, root float32) {
	const c1, c2 = 1 - beta1, 1 - beta2
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	for i, gi := range g {
		m[i] += c1 * (gi - m[i])
		v[i] = beta2*v[i] + c2*gi*gi
		w[i] -= size * m[i] / (float32(math.Sqrt(float64(v[i])))/root + epsilon)
	}
}
