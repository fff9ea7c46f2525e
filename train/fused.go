package train

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/zoetrope-ml/zoetrope/train/ops"
)

// fused are the operations of package ops. Between them images have their channels last, so that
// nothing has to be transposed: fc1's inputs come in row, column, channel order.
var fused = operations{conv: fusedConv, linear: fusedLinear, loss: ops.CrossEntropy, place: fusedPlace}

func fusedConv(x, w, b *G.Node, first bool) (*G.Node, error) {
	o := ops.ConvOptions{In: ops.ChannelsLast, Out: ops.ChannelsLast}
	if first {
		o.In, o.NoInputGradient = ops.ChannelsFirst, true
	}
	return ops.ConvPool(x, w, b, o)
}

func fusedLinear(x, w, b *G.Node, relu bool) (*G.Node, error) {
	return ops.Linear(x, w, b, ops.LinearOptions{ReLU: relu})
}

// fusedPlace keeps convolutions and biases as they are and turns linear weights to inputs×outputs.
func fusedPlace(i int) (tensor.Shape, []int32) {
	s := specs[i].shape
	switch i {
	case fc1W:
		channels := specs[conv2W].shape[0]
		spots := s[1] / channels
		return transposed(s, func(input int) int { return input%channels*spots + input/channels })
	case fc2W:
		return transposed(s, func(input int) int { return input })
	}
	return tensor.Shape(s).Clone(), nil
}
