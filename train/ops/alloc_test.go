package ops

import (
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestAllocations runs every operation, forward and backward, as Gorgonia's
// machine does, without the machine, which allocates for itself.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they hold while the race detector is on")
	}
	g := G.NewGraph()
	node := func(shape ...int) *G.Node {
		n := 1
		for _, d := range shape {
			n *= d
		}
		v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(normal(n, 1, uint64(n))))
		return G.NewTensor(g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithValue(v), G.WithName("in"+string(rune('a'+n%26))))
	}
	labels := tensor.New(tensor.WithShape(20), tensor.WithBacking(make([]int, 20)))
	target := G.NewTensor(g, tensor.Int, 1, G.WithShape(20), G.WithValue(labels), G.WithName("labels"))
	for _, test := range []struct {
		name  string
		in    G.Nodes
		build func(in G.Nodes) (*G.Node, error)
	}{
		{"ConvPool, direct", G.Nodes{node(20, 1, 12, 12), node(32, 1, 3, 3), node(32)}, func(in G.Nodes) (*G.Node, error) {
			return ConvPool(in[0], in[1], in[2], ConvOptions{NoInputGradient: true, Workers: 2})
		}},
		{"ConvPool, Winograd", G.Nodes{node(20, 12, 12, 32), node(10, 32, 3, 3), node(10)}, func(in G.Nodes) (*G.Node, error) {
			return ConvPool(in[0], in[1], in[2], ConvOptions{In: ChannelsLast, Workers: 2})
		}},
		{"Linear", G.Nodes{node(20, 4, 30), node(120, 17), node(17)}, func(in G.Nodes) (*G.Node, error) {
			return Linear(in[0], in[1], in[2], LinearOptions{ReLU: true, Workers: 2})
		}},
		{"CrossEntropy", G.Nodes{node(20, 10), target}, func(in G.Nodes) (*G.Node, error) {
			return CrossEntropy(in[0], in[1])
		}},
	} {
		out := must(test.build(test.in))(t)
		forward := out.Op()
		var values []G.Value
		for _, n := range test.in {
			values = append(values, n.Value())
		}
		grad := G.NewConstant(float32(1))
		gradient := grad.Value()
		if out.Dims() > 0 {
			grad = node(out.Shape()...)
			gradient = grad.Value()
		}
		result := must(forward.Do(values...))(t)
		d := must(forward.(G.SDOp).SymDiff(test.in, out, grad))(t)
		back := d[0]
		if back == nil {
			back = d[1]
		}
		backward := append(values[:2:2], result, gradient)
		if test.name == "CrossEntropy" {
			backward = []G.Value{values[0], result, gradient}
		}
		step := func() {
			if _, err := forward.Do(values...); err != nil {
				t.Error(err)
			}
			if _, err := back.Op().Do(backward...); err != nil {
				t.Error(err)
			}
		}
		step()
		if n := testing.AllocsPerRun(10, step); n > 0 {
			t.Errorf("%s allocates %v times a step", test.name, n)
		}
	}

	p := []G.ValueGrad{weights{
		tensor.New(tensor.WithShape(40000), tensor.Of(tensor.Float32)),
		tensor.New(tensor.WithShape(40000), tensor.Of(tensor.Float32)),
	}}
	a := NewAdam(1e-3)
	a.Workers = 2
	step := func() {
		if err := a.Step(p); err != nil {
			t.Error(err)
		}
	}
	step()
	if n := testing.AllocsPerRun(10, step); n > 0 {
		t.Errorf("Adam allocates %v times a step", n)
	}
}
