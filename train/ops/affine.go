package ops

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// affine is the engine of one Linear.
type affine struct {
	n, inputs, outputs int
	relu               bool
	noInputGradient    bool
	workers            int

	y          []float32 // n×outputs
	dy         []float32 // the gradient before the ReLU
	dx, dw, db []float32
}

func newAffine(n, inputs, outputs int, o LinearOptions) *affine {
	return &affine{
		n: n, inputs: inputs, outputs: outputs, relu: o.ReLU,
		noInputGradient: o.NoInputGradient, workers: vec.Workers(o.Workers),
		y: make([]float32, n*outputs),
	}
}

// operands returns x and w.
func (e *affine) operands(x, w G.Value) (in, weights []float32, err error) {
	if in, err = floats(x, e.n*e.inputs); err != nil {
		return nil, nil, fmt.Errorf("x: %w", err)
	}
	if weights, err = floats(w, e.inputs*e.outputs); err != nil {
		return nil, nil, fmt.Errorf("w: %w", err)
	}
	return in, weights, nil
}

// forward starts from the biases and adds the product.
func (e *affine) forward(x, w, b []float32) {
	n, in, out := e.n, e.inputs, e.outputs
	for i := range n {
		copy(e.y[i*out:(i+1)*out], b)
	}
	vec.Sgemm(false, false, n, out, in, 1, x, in, w, out, 1, e.y, out, e.workers)
	if e.relu {
		for i, v := range e.y {
			if v <= 0 {
				e.y[i] = 0
			}
		}
	}
}

// learns makes the buffers of the backward pass.
func (e *affine) learns() {
	if e.dw != nil {
		return
	}
	e.dw, e.db = make([]float32, e.inputs*e.outputs), make([]float32, e.outputs)
	if e.relu {
		e.dy = make([]float32, len(e.y))
	}
	if !e.noInputGradient {
		e.dx = make([]float32, e.n*e.inputs)
	}
}

// backward computes the gradients from that of y, g.
func (e *affine) backward(x, w, g []float32) {
	n, in, out := e.n, e.inputs, e.outputs
	if e.relu {
		for i, v := range e.y {
			if e.dy[i] = g[i]; v <= 0 {
				e.dy[i] = 0
			}
		}
		g = e.dy
	}
	clear(e.db)
	for i := range n {
		vec.Axpy(1, g[i*out:(i+1)*out], e.db)
	}
	vec.Sgemm(true, false, in, out, n, 1, x, in, g, out, 0, e.dw, out, e.workers)
	if !e.noInputGradient {
		vec.Sgemm(false, true, n, in, out, 1, g, out, w, out, 0, e.dx, in, e.workers)
	}
}
