package ops

import (
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestLabels compares integer labels with one-hot rows, for logits of any size.
func TestLabels(t *testing.T) {
	const n, k = 9, 4
	for _, size := range []float64{1, 100, 1e4} {
		logits := tensor.New(tensor.WithShape(n, k), tensor.WithBacking(normal(n*k, size, 1)))
		labels, rows := make([]int, n), make([]float32, n*k)
		for i := range labels {
			labels[i] = i * 3 % k
			rows[i*k+labels[i]] = 1
		}
		run := func(target *tensor.Dense) (loss float64, gradient []float32) {
			g := G.NewGraph()
			x := G.NewMatrix(g, tensor.Float32, G.WithShape(n, k), G.WithName("x"), G.WithValue(logits))
			y := G.NewTensor(g, target.Dtype(), target.Dims(), G.WithShape(target.Shape()...), G.WithName("y"), G.WithValue(target))
			l := must(CrossEntropy(x, y))(t)
			l = must(G.Mul(l, G.NewConstant(float32(3))))(t) // a gradient other than one
			must(G.Grad(l, x))(t)
			vm := G.NewTapeMachine(g)
			defer vm.Close()
			if err := vm.RunAll(); err != nil {
				t.Fatal(err)
			}
			d := must(x.Grad())(t)
			return float64(l.Value().Data().(float32)), d.Data().([]float32)
		}
		a, da := run(tensor.New(tensor.WithShape(n), tensor.WithBacking(labels)))
		b, db := run(tensor.New(tensor.WithShape(n, k), tensor.WithBacking(rows)))
		var want float64
		for i, label := range labels {
			x := logits.Float32s()[i*k : (i+1)*k]
			var sum float64
			for _, v := range x {
				sum += math.Exp(float64(v) - float64(x[label])) // overflows only for the largest size
			}
			want += math.Log(sum)
		}
		if size < 1e4 && math.Abs(a-3*want/n) > 1e-5*want {
			t.Errorf("logits of size %v: loss %v, want %v", size, a, 3*want/n)
		}
		if a != b || math.IsNaN(a) || math.IsInf(a, 0) {
			t.Errorf("logits of size %v: loss %v by labels, %v by rows", size, a, b)
		}
		if d := relative(da, db); d > 1e-6 {
			t.Errorf("logits of size %v: gradients differ by %v", size, d)
		}
	}
}
