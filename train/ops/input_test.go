package ops

import (
	"fmt"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestInputGradient compares the gradient of the images with that of stock
// operations, for layouts, odd sides and few channels.
func TestInputGradient(t *testing.T) {
	for _, s := range []struct{ n, c, high, wide, k int }{
		{3, 1, 8, 8, 5}, {2, 3, 9, 6, 40}, {2, 24, 7, 11, 33}, {5, 40, 4, 5, 8},
	} {
		for _, layout := range []Layout{ChannelsFirst, ChannelsLast} {
			name := fmt.Sprintf("%+v, layout %d", s, layout)
			images := normal(s.n*s.c*s.high*s.wide, 1, 1)
			filters, biases := normal(9*s.c*s.k, 0.2, 2), normal(s.k, 0.1, 3)
			size := s.n * s.k * (s.high / 2) * (s.wide / 2)
			weights := normal(size, 1, 4) // of the outputs in the loss

			run := func(fused bool) (dx []float32) {
				g := G.NewGraph()
				shape, last := tensor.Shape{s.n, s.c, s.high, s.wide}, fused && layout == ChannelsLast
				in, factor := images, weights
				outShape := tensor.Shape{s.n, s.k, s.high / 2, s.wide / 2}
				if last {
					in, shape = channelsLast(images, shape), tensor.Shape{s.n, s.high, s.wide, s.c}
					factor = channelsLast(weights, outShape)
					outShape = tensor.Shape{s.n, s.high / 2, s.wide / 2, s.k}
				}
				x := parameter(g, 0, in, shape)
				w := parameter(g, 1, filters, tensor.Shape{s.k, s.c, 3, 3})
				f := parameter(g, 2, factor, outShape)
				var y *G.Node
				if fused {
					b := parameter(g, 3, biases, tensor.Shape{s.k})
					o := ConvOptions{}
					if last {
						o.In, o.Out = ChannelsLast, ChannelsLast
					}
					y = must(ConvPool(x, w, b, o))(t)
				} else {
					y = stockConvPool(t, x, w, parameter(g, 3, biases, tensor.Shape{1, s.k, 1, 1}))
				}
				loss := must(G.Sum(must(G.HadamardProd(y, f))(t)))(t)
				must(G.Grad(loss, x, w))(t)
				vm := G.NewTapeMachine(g)
				defer vm.Close()
				if err := vm.RunAll(); err != nil {
					t.Fatal(err)
				}
				dx = slices.Clone(must(x.Grad())(t).Data().([]float32))
				return append(dx, must(w.Grad())(t).Data().([]float32)...)
			}
			got, want := run(true), run(false)
			n := len(images)
			if layout == ChannelsLast {
				want = append(channelsLast(want[:n], tensor.Shape{s.n, s.c, s.high, s.wide}), want[n:]...)
			}
			if d := relative(got[:n], want[:n]); d > 1e-5 {
				t.Errorf("%s: gradient of the images differs from stock by %.2g", name, d)
			}
			if d := relative(got[n:], want[n:]); d > 1e-5 {
				t.Errorf("%s: gradient of the filters differs from stock by %.2g", name, d)
			}
		}
	}
}

// channelsLast reorders n×c×h×w to n×h×w×c.
func channelsLast(x []float32, s tensor.Shape) []float32 {
	n, c, size := s[0], s[1], s[2]*s[3]
	y := make([]float32, len(x))
	for i := range n {
		for ch := range c {
			for p := range size {
				y[(i*size+p)*c+ch] = x[(i*c+ch)*size+p]
			}
		}
	}
	return y
}

// TestViews gives Linear a transposed input, which is a view.
func TestViews(t *testing.T) {
	x := tensor.New(tensor.WithShape(3, 4), tensor.WithBacking(normal(12, 1, 1)))
	if err := x.T(); err != nil {
		t.Fatal(err)
	}
	got := must(floats(x, 12))(t)
	for i := range 4 {
		for j := range 3 {
			if want := x.Float32s()[j*4+i]; got[i*3+j] != want {
				t.Fatalf("element %d, %d of a transposed tensor is %v, want %v", i, j, got[i*3+j], want)
			}
		}
	}
}
