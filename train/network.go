package train

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// The network's sizes.
const (
	Side           = 28          // pixels along an image's edge
	Pixels         = Side * Side // bytes of an image
	Classes        = 10
	EmbeddingDim   = 128
	EmbeddingLayer = "fc1" // the layer whose output, after its ReLU, is the embedding
)

// spec is one parameter tensor as PyTorch has it, with PyTorch's name: convolutions are
// out×in×3×3, linear weights out×in, with fc1's inputs in channel, row, column order.
type spec struct {
	name  string
	shape []int
	fanIn int // inputs of one output of its layer
}

func (s spec) size() int {
	n := 1
	for _, d := range s.shape {
		n *= d
	}
	return n
}

// The parameters, in the order of the network and of its checkpoints.
const (
	conv1W = iota
	conv1B
	conv2W
	conv2B
	fc1W
	fc1B
	fc2W
	fc2B
)

var specs = []spec{
	conv1W: {"conv1.weight", []int{32, 1, 3, 3}, 9},
	conv1B: {"conv1.bias", []int{32}, 9},
	conv2W: {"conv2.weight", []int{64, 32, 3, 3}, 288},
	conv2B: {"conv2.bias", []int{64}, 288},
	fc1W:   {"fc1.weight", []int{EmbeddingDim, 3136}, 3136},
	fc1B:   {"fc1.bias", []int{EmbeddingDim}, 3136},
	fc2W:   {"fc2.weight", []int{Classes, EmbeddingDim}, EmbeddingDim},
	fc2B:   {"fc2.bias", []int{Classes}, EmbeddingDim},
}

// FLOPs returns how many floating-point operations a training step on n images takes by the direct
// method: 2 for each weight at each place where it is used (784 in the first convolution, 196 in the
// second, one in a linear layer), thrice: for the layer's result, its gradient by the weights and its
// gradient by the inputs, which the first layer does without. That is 25 million an image. Faster
// methods take fewer; biases, activations, pooling, loss and solver, about 1 % more, are left out.
func FLOPs(n int) float64 {
	var perImage int
	for i, places := range map[int]int{conv1W: Pixels, conv2W: Pixels / 4, fc1W: 1, fc2W: 1} {
		times := 3
		if i == conv1W {
			times = 2
		}
		perImage += 2 * specs[i].size() * places * times
	}
	return float64(n) * float64(perImage)
}

// operations are the parts of the network. The definition below does not know how they
// compute, nor in which layout they want their parameters.
type operations struct {
	// conv is a 3×3 convolution with padding 1, plus bias, ReLU and 2×2 max-pooling. The first
	// one's x is n×1×28×28 and needs no gradient; what passes between operations is their own affair.
	conv func(x, w, b *G.Node, first bool) (*G.Node, error)
	// linear is x·w + b, with a ReLU if asked; it flattens x to n×inputs first. The result is n×outputs.
	linear func(x, w, b *G.Node, relu bool) (*G.Node, error)
	// loss is the mean cross-entropy of n×classes logits: a scalar. The target is n labels or, if
	// oneHot, n×classes.
	loss   func(logits, target *G.Node) (*G.Node, error)
	oneHot bool
	// place says how parameter i is laid out for the operations: its shape, and for each of its
	// elements the index in PyTorch's layout (nil: the same).
	place func(i int) (shape tensor.Shape, order []int32)
}

// transposed places linear weights of the given shape, outputs×inputs, as inputs×outputs; input tells
// which of PyTorch's inputs comes at which place.
func transposed(shape []int, input func(i int) int) (tensor.Shape, []int32) {
	out, in := shape[0], shape[1]
	order := make([]int32, out*in)
	for k := range order {
		order[k] = int32(k%out*in + input(k/out))
	}
	return tensor.Shape{in, out}, order
}

// forward builds the network over images x and parameters p.
func (o operations) forward(x *G.Node, p G.Nodes) (embedding, logits *G.Node, err error) {
	h, err := o.conv(x, p[conv1W], p[conv1B], true) // 32 channels of 14×14
	if err != nil {
		return nil, nil, fmt.Errorf("conv1: %w", err)
	}
	if h, err = o.conv(h, p[conv2W], p[conv2B], false); err != nil { // 64 channels of 7×7
		return nil, nil, fmt.Errorf("conv2: %w", err)
	}
	if embedding, err = o.linear(h, p[fc1W], p[fc1B], true); err != nil {
		return nil, nil, fmt.Errorf("fc1: %w", err)
	}
	if logits, err = o.linear(embedding, p[fc2W], p[fc2B], false); err != nil {
		return nil, nil, fmt.Errorf("fc2: %w", err)
	}
	return embedding, logits, nil
}
