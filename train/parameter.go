package train

import (
	"math"
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// parameter is one weight or bias with Adam's running means, all in the operations' layout.
// Every graph of a model shares value.
type parameter struct {
	spec
	value          *tensor.Dense
	order          []int32 // where each element is in PyTorch's layout; nil: at the same index
	mean, variance []float32
}

func newParameter(i int, o operations) *parameter {
	shape, order := o.place(i)
	n := specs[i].size()
	return &parameter{
		spec:     specs[i],
		value:    tensor.New(tensor.WithShape(shape...), tensor.WithBacking(make([]float32, n))),
		order:    order,
		mean:     make([]float32, n),
		variance: make([]float32, n),
	}
}

func (p *parameter) weights() []float32 { return p.value.Float32s() } // unlike Data(), not boxed

// initialise draws the weights as PyTorch's layers do: Kaiming-uniform with a = √5, whose bound
// √(6/((1+a²)·fanIn)) is 1/√fanIn, and biases within the same ±1/√fanIn.
func (p *parameter) initialise(seed uint64, i int) {
	r := rand.NewPCG(seed, initStream+uint64(i))
	bound := 1 / math.Sqrt(float64(p.fanIn))
	w := make([]float32, p.size())
	for k := range w {
		u := float64(r.Uint64()>>11) / (1 << 53) // [0, 1)
		w[k] = float32((2*u - 1) * bound)
	}
	p.place(p.weights(), w)
}

// initStream keeps the weights' random numbers apart from those of the shuffles, whose stream is the epoch.
const initStream = 1 << 63

// place writes values in PyTorch's layout to dst, in the operations'.
func (p *parameter) place(dst, values []float32) {
	if p.order == nil {
		copy(dst, values)
		return
	}
	for i, j := range p.order {
		dst[i] = values[j]
	}
}

// collect is the inverse of place.
func (p *parameter) collect(dst, placed []float32) {
	if p.order == nil {
		copy(dst, placed)
		return
	}
	for i, j := range p.order {
		dst[j] = placed[i]
	}
}
