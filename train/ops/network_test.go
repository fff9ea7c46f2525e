package ops

import (
	"fmt"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A network is two convolutions and two linear layers over images of c channels.
type network struct {
	n, c, high, wide   int // batch and images
	k1, k2, hidden, to int
	layout             Layout // between the convolutions
	flat               Layout // after them; of stock operations, ChannelsFirst
	workers            int
}

func (s network) String() string {
	return fmt.Sprintf("%d×%d×%d×%d to %d, %d, %d, %d", s.n, s.c, s.high, s.wide, s.k1, s.k2, s.hidden, s.to)
}

// example is the network of the MNIST example.
func example(n int) network {
	return network{n: n, c: 1, high: 28, wide: 28, k1: 32, k2: 64, hidden: 128, to: 10, layout: ChannelsLast}
}

func (s network) shapes() []tensor.Shape {
	flat := s.k2 * (s.high / 4) * (s.wide / 4)
	return []tensor.Shape{
		{s.k1, s.c, 3, 3}, {s.k1}, {s.k2, s.k1, 3, 3}, {s.k2},
		{flat, s.hidden}, {s.hidden}, {s.hidden, s.to}, {s.to},
	}
}

// normal returns reproducible values of the given size around zero.
func normal(n int, size float64, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 7))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * size)
	}
	return x
}

// parameters are the same for stock operations and ours, but for the biases'
// dimensions.
func (s network) parameters() [][]float32 {
	var p [][]float32
	for i, shape := range s.shapes() {
		fan := 1
		if i%2 == 0 {
			fan = shape.TotalSize() / shape[0]
			if shape.Dims() == 2 {
				fan = shape[0]
			}
		}
		size := 1.4 / sqrt(fan)
		if i%2 == 1 {
			size = 0.1
		}
		p = append(p, normal(shape.TotalSize(), size, uint64(i)))
	}
	return p
}

// A program is a compiled network.
type program struct {
	x, y, out, loss *G.Node
	p               G.Nodes
	vm              G.VM
}

// ours builds the network from this package's operations.
func (s network) ours(t testing.TB, p [][]float32) *program {
	g := G.NewGraph()
	r := s.inputs(g)
	for i, shape := range s.shapes() {
		r.p = append(r.p, parameter(g, i, p[i], shape))
	}
	h := must(ConvPool(r.x, r.p[0], r.p[1], ConvOptions{Out: s.layout, NoInputGradient: true, Workers: s.workers}))(t)
	h = must(ConvPool(h, r.p[2], r.p[3], ConvOptions{In: s.layout, Out: s.flat, Workers: s.workers}))(t)
	h = must(Linear(h, r.p[4], r.p[5], LinearOptions{ReLU: true, Workers: s.workers}))(t)
	r.out = must(Linear(h, r.p[6], r.p[7], LinearOptions{Workers: s.workers}))(t)
	r.loss = must(CrossEntropy(r.out, r.y))(t)
	r.compile(t, g)
	return r
}

// stock builds it from Gorgonia's.
func (s network) stock(t testing.TB, p [][]float32) *program {
	g := G.NewGraph()
	r := s.inputs(g)
	for i, shape := range s.shapes() {
		switch {
		case i == 1 || i == 3:
			shape = tensor.Shape{1, shape[0], 1, 1}
		case i == 5 || i == 7:
			shape = tensor.Shape{1, shape[0]}
		}
		r.p = append(r.p, parameter(g, i, p[i], shape))
	}
	h := stockConvPool(t, stockConvPool(t, r.x, r.p[0], r.p[1]), r.p[2], r.p[3])
	h = must(G.Reshape(h, tensor.Shape{s.n, s.shapes()[4][0]}))(t)
	h = must(G.Rectify(must(G.BroadcastAdd(must(G.Mul(h, r.p[4]))(t), r.p[5], nil, []byte{0}))(t)))(t)
	r.out = must(G.BroadcastAdd(must(G.Mul(h, r.p[6]))(t), r.p[7], nil, []byte{0}))(t)
	l := must(G.HadamardProd(must(G.Log(must(G.SoftMax(r.out, 1))(t)))(t), r.y))(t)
	r.loss = must(G.Neg(must(G.Mean(must(G.Sum(l, 1))(t)))(t)))(t)
	r.compile(t, g)
	return r
}

func stockConvPool(t testing.TB, x, w, b *G.Node) *G.Node {
	h := must(G.Conv2d(x, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))(t)
	h = must(G.Rectify(must(G.BroadcastAdd(h, b, nil, []byte{0, 2, 3}))(t)))(t)
	return must(G.MaxPool2D(h, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))(t)
}

func (s network) inputs(g *G.ExprGraph) *program {
	return &program{
		x: G.NewTensor(g, tensor.Float32, 4, G.WithShape(s.n, s.c, s.high, s.wide), G.WithName("x")),
		y: G.NewMatrix(g, tensor.Float32, G.WithShape(s.n, s.to), G.WithName("y")),
	}
}

func parameter(g *G.ExprGraph, i int, p []float32, shape tensor.Shape) *G.Node {
	v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(append([]float32(nil), p...)))
	return G.NewTensor(g, tensor.Float32, shape.Dims(), G.WithShape(shape...), G.WithName(fmt.Sprint("p", i)), G.WithValue(v))
}

func (r *program) compile(t testing.TB, g *G.ExprGraph) {
	if _, err := G.Grad(r.loss, r.p...); err != nil {
		t.Fatal(err)
	}
	r.vm = G.NewTapeMachine(g)
	t.Cleanup(func() { r.vm.Close() })
}

// batch returns images with blank borders, as digits have, and one-hot targets.
func (s network) batch() (x, y *tensor.Dense) {
	v := normal(s.n*s.c*s.high*s.wide, 1, 99)
	for i := range v {
		if r, c := i/s.wide%s.high, i%s.wide; r < s.high/7 || c < s.wide/7 || c >= s.wide-s.wide/7 {
			v[i] = -0.4242
		}
	}
	one := make([]float32, s.n*s.to)
	for i := range s.n {
		one[i*s.to+i*7%s.to] = 1
	}
	return tensor.New(tensor.WithShape(s.n, s.c, s.high, s.wide), tensor.WithBacking(v)),
		tensor.New(tensor.WithShape(s.n, s.to), tensor.WithBacking(one))
}

// run is one forward and backward pass; it returns the loss.
func (r *program) run(t testing.TB, x, y *tensor.Dense) float64 {
	r.vm.Reset()
	if err := G.Let(r.x, x); err != nil {
		t.Fatal(err)
	}
	if err := G.Let(r.y, y); err != nil {
		t.Fatal(err)
	}
	if err := r.vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	return float64(r.loss.Value().Data().(float32))
}

// gradient returns a copy of that of parameter i.
func (r *program) gradient(t testing.TB, i int) []float32 {
	g := must(r.p[i].Grad())(t)
	return append([]float32(nil), g.Data().([]float32)...)
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
