package ops

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/blas/gonum"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestUseSgemm trains nothing: the stock network must give the same gradients
// with either library.
func TestUseSgemm(t *testing.T) {
	s := example(3)
	x, y := s.batch()
	run := func() (loss float64, gradients [][]float32) {
		r := s.stock(t, s.parameters())
		loss = r.run(t, x, y)
		for i := range r.p {
			gradients = append(gradients, r.gradient(t, i))
		}
		return loss, gradients
	}
	G.Use(gonum.Implementation{})
	want, gradients := run()
	UseSgemm(2)
	defer G.Use(gonum.Implementation{})
	got, ours := run()
	if math.Abs(got-want) > 1e-6*want {
		t.Errorf("loss %v, with gonum's library %v", got, want)
	}
	for i, g := range ours {
		if d := relative(g, gradients[i]); d > 1e-5 {
			t.Errorf("gradient of parameter %d differs by %v", i, d)
		}
	}
	a := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}))
	b := tensor.New(tensor.WithShape(3, 1), tensor.WithBacking([]float32{1, 0, -1}))
	c := must(tensor.MatMul(a, b))(t)
	if v := c.Data().([]float32); v[0] != -2 || v[1] != -2 {
		t.Errorf("product is %v, want [-2 -2]", v)
	}
}
