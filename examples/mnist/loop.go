package main

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/train"
)

// learn is the training loop: in each epoch it trains, evaluates the samples and logs the
// result.
func (t *training) learn(ctx context.Context) error {
	for epoch := t.first(); epoch <= t.Epochs; epoch++ {
		metrics := tracker.Metrics{}
		if epoch > 0 { // 0: the network as it is before training
			loss, err := t.model.Train(ctx, t.data.Train, t.report(ctx))
			if err != nil {
				return err
			}
			metrics["loss"] = loss
		}
		seen, err := t.model.Evaluate(ctx, t.samples)
		if err != nil {
			return err
		}
		metrics["accuracy"] = seen.Accuracy
		err = tracker.Log(ctx, tracker.Epoch{
			Number:  epoch,
			Step:    t.model.Step(),
			Layers:  []tracker.Layer{{Name: train.EmbeddingLayer, Dim: train.EmbeddingDim, Vectors: seen.Embeddings}},
			Outputs: &tracker.Outputs{Predictions: digits(seen.Predictions), Losses: seen.Losses, Confidences: seen.Confidences},
			Metrics: metrics,
		})
		if err != nil {
			return err
		}
		t.live.grow()
		// Only now: if the process dies in between, the epoch is trained and logged once more.
		if err := t.model.Save(t.checkpoint); err != nil {
			return err
		}
		t.display.epoch(epoch, t.Epochs, metrics)
	}
	return nil
}

// averaged is the number of batches whose losses are averaged into one metric.
const averaged = 200

// report returns the function to call after every batch: it moves the bar and now and then logs the average loss.
func (t *training) report(ctx context.Context) func(train.Batch) error {
	var sum float64
	return func(b train.Batch) error {
		t.display.progress("training", b.Step-t.began, b.Batches*t.Epochs-t.began)
		sum += b.Loss
		if (b.Index+1)%averaged != 0 {
			return nil
		}
		mean := sum / averaged
		sum = 0
		t.display.print("epoch %d, batch %d of %d: loss %.4f", b.Epoch, b.Index+1, b.Batches, mean)
		return tracker.LogMetrics(ctx, b.Step, tracker.Metrics{"running_loss": mean})
	}
}
