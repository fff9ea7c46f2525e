package ops

import (
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func TestConstructionErrors(t *testing.T) {
	g := G.NewGraph()
	node := func(shape ...int) *G.Node {
		return G.NewTensor(g, tensor.Float32, len(shape), G.WithShape(shape...))
	}
	double := G.NewTensor(g, tensor.Float64, 2, G.WithShape(4, 3))
	conv := func(x, w, b *G.Node, o ConvOptions) func() (*G.Node, error) {
		return func() (*G.Node, error) { return ConvPool(x, w, b, o) }
	}
	linear := func(x, w, b *G.Node) func() (*G.Node, error) {
		return func() (*G.Node, error) { return Linear(x, w, b, LinearOptions{}) }
	}
	loss := func(x, y *G.Node) func() (*G.Node, error) {
		return func() (*G.Node, error) { return CrossEntropy(x, y) }
	}
	last := ConvOptions{In: ChannelsLast}
	for _, test := range []struct {
		name  string
		build func() (*G.Node, error)
		want  string
	}{
		{"image of three dimensions", conv(node(2, 8, 8), node(4, 1, 3, 3), node(4), ConvOptions{}), "x has shape (2, 8, 8)"},
		{"filter of 5×5", conv(node(2, 1, 8, 8), node(4, 1, 5, 5), node(4), ConvOptions{}), "w has shape (4, 1, 5, 5)"},
		{"channels", conv(node(2, 3, 8, 8), node(4, 1, 3, 3), node(4), ConvOptions{}), "3 channels and 1"},
		{"channels last", conv(node(2, 8, 8, 3), node(4, 8, 3, 3), node(4), last), "3 channels and 8"},
		{"biases", conv(node(2, 1, 8, 8), node(4, 1, 3, 3), node(5), ConvOptions{}), "one bias for each of 4 filters"},
		{"bias of two dimensions", conv(node(2, 1, 8, 8), node(4, 1, 3, 3), node(1, 4), ConvOptions{}), "b has shape (1, 4)"},
		{"image below a window", conv(node(2, 1, 1, 8), node(4, 1, 3, 3), node(4), ConvOptions{}), "1×8"},
		{"empty batch", conv(node(0, 1, 8, 8), node(4, 1, 3, 3), node(4), ConvOptions{}), "(0, 1, 8, 8): it is empty"},
		{"inputs", linear(node(4, 3), node(5, 2), node(2)), "3 inputs and 5"},
		{"flattened inputs", linear(node(4, 3, 2), node(5, 2), node(2)), "6 inputs and 5"},
		{"outputs", linear(node(4, 3), node(3, 2), node(3)), "one bias for each of 2 outputs"},
		{"no rows", linear(node(0, 3), node(3, 2), node(2)), "(0, 3): it is empty"},
		{"float64", linear(double, node(3, 2), node(2)), "x is of float64"},
		{"targets", loss(node(4, 3), node(4, 2)), "(4, 3) and target (4, 2)"},
		{"float labels", loss(node(4, 3), node(4)), "want labels of type int"},
		{"labels", loss(node(4, 3), G.NewTensor(g, tensor.Int, 1, G.WithShape(5))), "4 rows and 5 labels"},
		{"no logits", loss(node(4, 0), node(4, 0)), "(4, 0): it is empty"},
	} {
		_, err := test.build()
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "ops: ") {
			t.Errorf("%s: error %v, want one with %q", test.name, err, test.want)
		}
	}
}

func TestRunErrors(t *testing.T) {
	run := func(target *tensor.Dense, logits ...int) error {
		g := G.NewGraph()
		x := G.NewMatrix(g, tensor.Float32, G.WithShape(2, 3), G.WithName("x"))
		y := G.NewTensor(g, target.Dtype(), target.Dims(), G.WithShape(target.Shape()...), G.WithName("y"))
		if _, err := CrossEntropy(x, y); err != nil {
			t.Fatal(err)
		}
		vm := G.NewTapeMachine(g)
		defer vm.Close()
		if err := G.Let(x, tensor.New(tensor.WithShape(logits...), tensor.Of(tensor.Float32))); err != nil {
			return err
		}
		if err := G.Let(y, target); err != nil {
			return err
		}
		return vm.RunAll()
	}
	labels := func(v ...int) *tensor.Dense { return tensor.New(tensor.WithShape(2), tensor.WithBacking(v)) }
	rows := func(v ...float32) *tensor.Dense { return tensor.New(tensor.WithShape(2, 3), tensor.WithBacking(v)) }
	for _, test := range []struct {
		name   string
		target *tensor.Dense
		logits []int
		want   string
	}{
		{"fine", labels(0, 2), []int{2, 3}, ""},
		{"label too large", labels(0, 3), []int{2, 3}, "label 3 of row 1 is not one of 3 classes"},
		{"label below zero", labels(-1, 2), []int{2, 3}, "label -1 of row 0"},
		{"row of zeros", rows(1, 0, 0, 0, 0, 0), []int{2, 3}, "row 1 adds up to 0"},
		{"other batch", labels(0, 1), []int{3, 3}, "(3, 3)"},
	} {
		err := run(test.target, test.logits...)
		if test.want == "" {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", test.name, err, test.want)
		}
	}
}
