package ops

import (
	"fmt"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
)

// LinearOptions change a [Linear]. The zero value is a plain x·w + b.
type LinearOptions struct {
	ReLU bool // apply max(0, ·) to the result

	// NoInputGradient leaves out the gradient of x: set it for the first layer of
	// a network.
	NoInputGradient bool

	Workers int // goroutines; 0 means one per CPU that Go may use
}

// Linear is x·w + b, with a ReLU if asked. x is n×inputs, or n×anything, which is
// taken row by row as n×inputs; w is inputs×outputs and b is outputs.
func Linear(x, w, b *G.Node, o LinearOptions) (*G.Node, error) {
	if err := checkLinear(x, w, b); err != nil {
		return nil, fmt.Errorf("ops: Linear: %w", err)
	}
	n, ws := x.Shape()[0], w.Shape()
	e := newAffine(n, ws[0], ws[1], o)
	types := []hm.Type{typeOf(x.Dims()), typeOf(2), typeOf(1)}
	return G.ApplyOp(&linear{newOperation("linear", types, e.y, n, ws[1]), e}, x, w, b)
}

func checkLinear(x, w, b *G.Node) error {
	if err := checkNode("x", x, 0); err != nil {
		return err
	}
	if err := checkNode("w", w, 2); err != nil {
		return err
	}
	if err := checkNode("b", b, 1); err != nil {
		return err
	}
	xs, ws, bs := x.Shape(), w.Shape(), b.Shape()
	if in := xs.TotalSize() / xs[0]; in != ws[0] {
		return fmt.Errorf("x has shape %v and w %v: %d inputs and %d", xs, ws, in, ws[0])
	}
	if bs[0] != ws[1] {
		return fmt.Errorf("w has shape %v and b %v, want one bias for each of %d outputs", ws, bs, ws[1])
	}
	return nil
}

type linear struct {
	operation
	e *affine
}

var _ G.SDOp = (*linear)(nil)

func (l *linear) Do(v ...G.Value) (G.Value, error) {
	x, w, err := l.e.operands(v[0], v[1])
	if err != nil {
		return nil, fmt.Errorf("ops: Linear: %w", err)
	}
	b, err := floats(v[2], l.e.outputs)
	if err != nil {
		return nil, fmt.Errorf("ops: Linear: b: %w", err)
	}
	l.e.forward(x, w, b)
	return l.value, nil
}

func (l *linear) DiffWRT(int) []bool { return []bool{!l.e.noInputGradient, true, true} }

// SymDiff adds one operation that computes all gradients, as for [ConvPool].
func (l *linear) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	e := l.e
	e.learns()
	back := &linearBack{e: e}
	types := []hm.Type{typeOf(in[0].Dims()), typeOf(2), typeOf(2), typeOf(2)}
	if e.noInputGradient {
		back.operation = newOperation("linearBack", types, e.dw, e.inputs, e.outputs)
	} else {
		back.operation = newOperation("linearBack", types, e.dx, []int(in[0].Shape().Clone())...)
	}
	n, err := G.ApplyOp(back, in[0], in[1], out, grad)
	if err != nil {
		return nil, err
	}
	db, err := newByproduct("linearDB", n, e.db, e.outputs)
	if err != nil || e.noInputGradient {
		return G.Nodes{nil, n, db}, err
	}
	dw, err := newByproduct("linearDW", n, e.dw, e.inputs, e.outputs)
	return G.Nodes{n, dw, db}, err
}

type linearBack struct {
	operation
	e *affine
}

func (l *linearBack) Do(v ...G.Value) (G.Value, error) {
	x, w, err := l.e.operands(v[0], v[1])
	if err != nil {
		return nil, fmt.Errorf("ops: Linear: %w", err)
	}
	g, err := floats(v[3], len(l.e.y))
	if err != nil {
		return nil, fmt.Errorf("ops: Linear: gradient: %w", err)
	}
	l.e.backward(x, w, g)
	return l.value, nil
}
