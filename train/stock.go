package train

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// stock are Gorgonia's own operations: slow (0.4 s of CPU for a step of 128), and what the fused ones
// are compared with.
var stock = operations{conv: stockConv, linear: stockLinear, loss: stockLoss, oneHot: true, place: stockPlace}

func stockConv(x, w, b *G.Node, _ bool) (*G.Node, error) {
	h, err := G.Conv2d(x, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1})
	if err != nil {
		return nil, err
	}
	if h, err = G.BroadcastAdd(h, b, nil, []byte{0, 2, 3}); err != nil {
		return nil, err
	}
	if h, err = G.Rectify(h); err != nil {
		return nil, err
	}
	return G.MaxPool2D(h, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
}

func stockLinear(x, w, b *G.Node, relu bool) (*G.Node, error) {
	var err error
	if x.Dims() > 2 {
		n := x.Shape()[0]
		if x, err = G.Reshape(x, tensor.Shape{n, x.Shape().TotalSize() / n}); err != nil {
			return nil, err
		}
	}
	h, err := G.Mul(x, w)
	if err != nil {
		return nil, err
	}
	if h, err = G.BroadcastAdd(h, b, nil, []byte{0}); err != nil || !relu {
		return h, err
	}
	return G.Rectify(h)
}

// stockLoss takes logarithms inside the softmax, where a sure prediction costs no 0·log 0.
func stockLoss(logits, target *G.Node) (*G.Node, error) {
	h, err := G.LogSoftMax(logits, 1)
	if err != nil {
		return nil, err
	}
	if h, err = G.HadamardProd(h, target); err != nil {
		return nil, err
	}
	if h, err = G.Sum(h, 1); err != nil {
		return nil, err
	}
	if h, err = G.Mean(h); err != nil {
		return nil, err
	}
	return G.Neg(h)
}

// stockPlace keeps convolutions as they are, turns linear weights to inputs×outputs, and gives
// biases the number of dimensions that broadcasting asks for.
func stockPlace(i int) (tensor.Shape, []int32) {
	s := specs[i].shape
	switch i {
	case conv1B, conv2B:
		return tensor.Shape{1, s[0], 1, 1}, nil
	case fc1B, fc2B:
		return tensor.Shape{1, s[0]}, nil
	case fc1W, fc2W:
		return transposed(s, func(input int) int { return input })
	}
	return tensor.Shape(s).Clone(), nil
}
