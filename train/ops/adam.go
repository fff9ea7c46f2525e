package ops

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// Adam is a [gorgonia.Solver] that allocates nothing after its first step
// (Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015). Unlike
// Gorgonia's own it leaves the gradients as they are. Start from [NewAdam]; the
// fields may change between steps.
type Adam struct {
	Rate         float64 // learning rate
	Beta1, Beta2 float64 // decay of the running means of gradients and of their squares
	Epsilon      float64
	Workers      int // goroutines; 0 means one per CPU that Go may use

	steps  int
	first  [][]float32 // running mean of the gradients, by parameter
	second [][]float32 // and of their squares

	step       vec.AdamStep
	w, m, v, g []float32 // the parameter at hand
	piece      func(worker, i int)
}

var _ G.Solver = (*Adam)(nil)

// NewAdam returns a solver with the paper's constants: 0.9, 0.999 and 1e-8.
func NewAdam(rate float64) *Adam {
	return &Adam{Rate: rate, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
}

// adamPiece is the number of weights in a piece of work.
const adamPiece = 1 << 14

// Step updates each parameter by its gradient. The parameters must be the same,
// in the same order, in every call.
func (a *Adam) Step(model []G.ValueGrad) error {
	if a.first != nil && len(a.first) != len(model) {
		return fmt.Errorf("ops: Adam: %d parameters, in the last step %d", len(model), len(a.first))
	}
	if a.first == nil {
		a.first, a.second = make([][]float32, len(model)), make([][]float32, len(model))
	}
	if a.piece == nil {
		a.piece = func(_, i int) {
			lo, hi := i*adamPiece, min((i+1)*adamPiece, len(a.w))
			vec.Adam(&a.step, a.w[lo:hi], a.m[lo:hi], a.v[lo:hi], a.g[lo:hi])
		}
	}
	a.step = vec.NewAdamStep(a.steps+1, a.Rate, a.Beta1, a.Beta2, a.Epsilon)
	for i, p := range model {
		if err := a.update(i, p); err != nil {
			return fmt.Errorf("ops: Adam: parameter %d: %w", i, err)
		}
	}
	a.steps++
	return nil
}

func (a *Adam) update(i int, p G.ValueGrad) error {
	g, err := p.Grad()
	if err != nil {
		return err
	}
	w := p.Value()
	n := w.Shape().TotalSize()
	if a.w, err = floats(w, n); err != nil {
		return err
	}
	if a.g, err = floats(g, n); err != nil {
		return fmt.Errorf("gradient: %w", err)
	}
	if a.first[i] == nil {
		a.first[i], a.second[i] = make([]float32, n), make([]float32, n)
	}
	if len(a.first[i]) != n {
		return fmt.Errorf("shape %v has %d elements, in the last step %d", w.Shape(), n, len(a.first[i]))
	}
	a.m, a.v = a.first[i], a.second[i]
	vec.Parallel(a.Workers, (n+adamPiece-1)/adamPiece, a.piece)
	a.w, a.m, a.v, a.g = nil, nil, nil, nil
	return nil
}

// State returns the number of steps taken and, by parameter, the running means of
// the gradients and of their squares: the solver's own slices, nil before the
// first step unless [Adam.Restore] gave it some.
func (a *Adam) State() (steps int, first, second [][]float32) {
	return a.steps, a.first, a.second
}

// Restore makes the solver go on from a state that [Adam.State] returned. It takes
// the slices over: the next steps write to them.
func (a *Adam) Restore(steps int, first, second [][]float32) {
	if steps < 0 || len(first) != len(second) {
		panic("ops: Adam: no state of a solver")
	}
	a.steps, a.first, a.second = steps, first, second
}
