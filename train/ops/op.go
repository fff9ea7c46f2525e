package ops

import (
	"fmt"
	"hash"
	"hash/fnv"
	"sync/atomic"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// operation holds the methods that all our operations answer alike. Gorgonia takes two
// operations with one hash and the same inputs for one, so each has its number.
type operation struct {
	name   string
	inputs []hm.Type
	shape  tensor.Shape
	value  G.Value // the result of every Do
}

var operations atomic.Int64

func newOperation(name string, inputs []hm.Type, data []float32, shape ...int) operation {
	o := operation{name: fmt.Sprintf("%s#%d", name, operations.Add(1)), inputs: inputs}
	if len(shape) == 0 {
		o.shape, o.value = tensor.ScalarShape(), G.NewF32(0)
	} else {
		o.shape, o.value = tensor.Shape(shape), tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	}
	return o
}

// typeOf is the type of float32 tensors with this many dimensions: a value, for
// Gorgonia does not take pointers here.
func typeOf(dims int) hm.Type {
	if dims == 0 {
		return tensor.Float32
	}
	return G.TensorType{Dims: dims, Of: tensor.Float32}
}

func (o *operation) Arity() int { return len(o.inputs) }

// Type makes a new type each time: Gorgonia gives it back to a pool.
func (o *operation) Type() hm.Type {
	t := append([]hm.Type(nil), o.inputs...)
	return hm.NewFnType(append(t, typeOf(o.shape.Dims()))...)
}

func (o *operation) InferShape(...G.DimSizer) (tensor.Shape, error) { return o.shape.Clone(), nil }
func (o *operation) ReturnsPtr() bool                               { return true }
func (o *operation) CallsExtern() bool                              { return false }
func (o *operation) OverwritesInput() int                           { return -1 }
func (o *operation) WriteHash(h hash.Hash)                          { fmt.Fprint(h, o.name) }
func (o *operation) String() string                                 { return o.name }

func (o *operation) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// byproduct hands on a further result of the operation that is its input, which
// has filled its tensor already: an operation has but one value.
type byproduct struct{ operation }

func (b *byproduct) Do(...G.Value) (G.Value, error) { return b.value, nil }

func newByproduct(name string, of *G.Node, data []float32, shape ...int) (*G.Node, error) {
	return G.ApplyOp(&byproduct{newOperation(name, []hm.Type{typeOf(of.Dims())}, data, shape...)}, of)
}

// floats returns the n elements of v in row-major order.
func floats(v G.Value, n int) ([]float32, error) {
	t, ok := v.(*tensor.Dense)
	if !ok || t.Dtype() != tensor.Float32 {
		return nil, fmt.Errorf("%T of %v, want a dense tensor of float32", v, v.Dtype())
	}
	if t.DataOrder().IsColMajor() {
		return nil, fmt.Errorf("tensor of shape %v is in column-major order, want row-major", t.Shape())
	}
	if t.RequiresIterator() { // a view: copy it
		t = t.Materialize().(*tensor.Dense)
	}
	x := t.Float32s()
	if len(x) != n {
		return nil, fmt.Errorf("shape %v has %d elements, want %d", t.Shape(), len(x), n)
	}
	return x, nil
}

// checkNode reports a node that is no float32 tensor of the wanted dimensions
// (0: any, but at least 2) with every size above zero.
func checkNode(name string, n *G.Node, dims int) error {
	s := n.Shape()
	switch {
	case n.Dtype() != tensor.Float32:
		return fmt.Errorf("%s is of %v, want float32", name, n.Dtype())
	case dims > 0 && s.Dims() != dims:
		return fmt.Errorf("%s has shape %v, want %d dimensions", name, s, dims)
	case dims == 0 && s.Dims() < 2:
		return fmt.Errorf("%s has shape %v, want at least 2 dimensions", name, s)
	}
	for _, d := range s {
		if d < 1 {
			return fmt.Errorf("%s has shape %v: it is empty", name, s)
		}
	}
	return nil
}
