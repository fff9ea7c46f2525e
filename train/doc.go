// Package train trains the convolutional network of the MNIST example and embeds samples with it.
//
// The network is Conv 1→32 3×3, ReLU, max-pool 2, Conv 32→64 3×3, ReLU, max-pool 2, Linear 3136→128,
// ReLU, Linear 128→10, with cross-entropy and Adam: a Gorgonia graph of the fused operations of
// train/ops, differentiated by gorgonia.Grad and run by a tape machine. The output of the 128-wide
// layer, [EmbeddingLayer], is the embedding.
//
//	data, err := train.Open("")                  // MNIST, from the Go module cache
//	model, err := train.New(train.Defaults())
//	for model.Epoch() < 20 {
//		loss, err := model.Train(ctx, data.Train, nil)
//		seen, err := model.Evaluate(ctx, samples)   // seen.Embeddings: n×128, row-major
//		err = model.Save("mnist.ckpt")
//	}
//
// The same [Settings] give the same weights, bit for bit, on any number of CPUs of one level
// (AVX-512, AVX2 or others): every random number is a function of the seed and the place where it is
// used, so a model that goes on from a checkpoint ([Load]) ends where an uninterrupted one does.
//
// A [Model] is not safe for concurrent use; sets of images are only read.
package train
