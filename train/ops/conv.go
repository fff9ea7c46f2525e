package ops

import (
	"fmt"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
)

// Layout is the order of the dimensions of a batch of images.
type Layout int

const (
	ChannelsFirst Layout = iota // n×c×h×w, as stock operations and PyTorch have it
	ChannelsLast                // n×h×w×c, which passes between our own operations without conversion
)

// ConvOptions change a [ConvPool]. The zero value fits stock operations.
type ConvOptions struct {
	In, Out Layout // of the images and of the result

	// NoInputGradient leaves out the gradient of the images: set it for the first
	// layer of a network.
	NoInputGradient bool

	Workers int // goroutines; 0 means one per CPU that Go may use
}

// ConvPool convolves images x with filters w, adds biases b, applies ReLU and
// takes the maximum of each 2×2 window:
//
//	maxpool₂(max(0, conv₃ₓ₃(x, w, padding 1) + b))
//
// x is n×c×h×w (or n×h×w×c, see [ConvOptions]), w is k×c×3×3 and b is k. The
// result is n×k×⌊h/2⌋×⌊w/2⌋ or n×⌊h/2⌋×⌊w/2⌋×k. Of equal values in a window the
// first gets the gradient.
func ConvPool(x, w, b *G.Node, o ConvOptions) (*G.Node, error) {
	if err := checkConv(x, w, b, o); err != nil {
		return nil, fmt.Errorf("ops: ConvPool: %w", err)
	}
	s := x.Shape()
	n, c, high, wide := s[0], s[1], s[2], s[3]
	if o.In == ChannelsLast {
		n, high, wide, c = s[0], s[1], s[2], s[3]
	}
	k := w.Shape()[0]
	e := newConvolution(n, c, k, high, wide, o)
	shape := []int{n, k, high / 2, wide / 2}
	if o.Out == ChannelsLast {
		shape = []int{n, high / 2, wide / 2, k}
	}
	e.y = make([]float32, n*e.windows()*k)
	op := &convPool{newOperation("convPool", []hm.Type{typeOf(4), typeOf(4), typeOf(1)}, e.y, shape...), e}
	return G.ApplyOp(op, x, w, b)
}

func checkConv(x, w, b *G.Node, o ConvOptions) error {
	if err := checkNode("x", x, 4); err != nil {
		return err
	}
	if err := checkNode("w", w, 4); err != nil {
		return err
	}
	if err := checkNode("b", b, 1); err != nil {
		return err
	}
	xs, ws, bs := x.Shape(), w.Shape(), b.Shape()
	c, high, wide := xs[1], xs[2], xs[3]
	if o.In == ChannelsLast {
		high, wide, c = xs[1], xs[2], xs[3]
	}
	switch {
	case ws[2] != 3 || ws[3] != 3:
		return fmt.Errorf("w has shape %v, want k×%d×3×3", ws, c)
	case ws[1] != c:
		return fmt.Errorf("x has shape %v and w %v: %d channels and %d", xs, ws, c, ws[1])
	case bs[0] != ws[0]:
		return fmt.Errorf("w has shape %v and b %v, want one bias for each of %d filters", ws, bs, ws[0])
	case high < 2 || wide < 2:
		return fmt.Errorf("x has shape %v: images of %d×%d are smaller than a pooling window", xs, high, wide)
	}
	return nil
}

type convPool struct {
	operation
	e *convolution
}

var _ G.SDOp = (*convPool)(nil)

func (c *convPool) Do(v ...G.Value) (G.Value, error) {
	x, w, err := c.e.operands(v[0], v[1])
	if err != nil {
		return nil, fmt.Errorf("ops: ConvPool: %w", err)
	}
	b, err := floats(v[2], c.e.k)
	if err != nil {
		return nil, fmt.Errorf("ops: ConvPool: b: %w", err)
	}
	c.e.forward(x, w, b)
	return c.value, nil
}

func (c *convPool) DiffWRT(int) []bool { return []bool{!c.e.noInputGradient, true, true} }

// SymDiff adds one operation that computes all gradients; its own value is one of
// them, the others are byproducts.
func (c *convPool) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	e := c.e
	e.learns()
	back := &convPoolBack{e: e}
	types := []hm.Type{typeOf(4), typeOf(4), typeOf(4), typeOf(4)}
	w := []int(in[1].Shape().Clone())
	if e.noInputGradient {
		back.operation = newOperation("convPoolBack", types, e.dw, w...)
	} else {
		back.operation = newOperation("convPoolBack", types, e.dx, []int(in[0].Shape().Clone())...)
	}
	n, err := G.ApplyOp(back, in[0], in[1], out, grad)
	if err != nil {
		return nil, err
	}
	db, err := newByproduct("convPoolDB", n, e.db, e.k)
	if err != nil || e.noInputGradient {
		return G.Nodes{nil, n, db}, err
	}
	dw, err := newByproduct("convPoolDW", n, e.dw, w...)
	return G.Nodes{n, dw, db}, err
}

type convPoolBack struct {
	operation
	e *convolution
}

func (c *convPoolBack) Do(v ...G.Value) (G.Value, error) {
	_, w, err := c.e.operands(v[0], v[1])
	if err != nil {
		return nil, fmt.Errorf("ops: ConvPool: %w", err)
	}
	g, err := floats(v[3], len(c.e.y))
	if err != nil {
		return nil, fmt.Errorf("ops: ConvPool: gradient: %w", err)
	}
	c.e.backward(w, g)
	return c.value, nil
}

// operands returns the images and filters.
func (e *convolution) operands(x, w G.Value) (images, filters []float32, err error) {
	if images, err = floats(x, e.n*e.c*e.h*e.w); err != nil {
		return nil, nil, fmt.Errorf("x: %w", err)
	}
	if filters, err = floats(w, 9*e.c*e.k); err != nil {
		return nil, nil, fmt.Errorf("w: %w", err)
	}
	return images, filters, nil
}
