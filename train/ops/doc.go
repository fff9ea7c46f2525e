// Package ops holds fused operations for Gorgonia graphs, many times faster on a
// CPU than the stock ones they replace: [ConvPool] is a 3×3 convolution with bias,
// ReLU and 2×2 max-pooling, [Linear] a product with bias and, if asked, ReLU,
// [CrossEntropy] a softmax with its loss, and [Adam] a solver. [UseSgemm] speeds
// up the matrix products of stock operations.
//
//	h, err := ops.ConvPool(x, w1, b1, ops.ConvOptions{Out: ops.ChannelsLast, NoInputGradient: true})
//	h, err = ops.ConvPool(h, w2, b2, ops.ConvOptions{In: ops.ChannelsLast})
//	h, err = ops.Linear(h, w3, b3, ops.LinearOptions{ReLU: true})
//	y, err := ops.Linear(h, w4, b4, ops.LinearOptions{})
//	loss, err := ops.CrossEntropy(y, labels)
//	grads, err := gorgonia.Grad(loss, w1, b1, w2, b2, w3, b3, w4, b4)
//	vm := gorgonia.NewTapeMachine(g) // without BindDualValues, which adds up gradients run by run
//
// All work on float32 and mix with stock operations. Gradients go through
// [gorgonia.Grad] and a tape machine; a LispMachine does not know them.
//
// An operation owns its result and its gradients and writes them anew in every
// run, which is why a run allocates nothing: copy what must outlive the next one.
// It belongs to one graph, and the graph to one machine at a time; several graphs
// may share the tensors of their parameters. Results do not depend on the number
// of workers, bit for bit.
package ops
