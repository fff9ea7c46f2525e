package tracker

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkLog logs epochs as the MNIST example does: vectors of 2,000×128, outputs and metrics. ns/op is mostly the disk's.
func BenchmarkLog(b *testing.B) {
	const n, dim = 2000, 128
	for _, mode := range []struct {
		name string
		c    RunConfig
	}{{"float32", RunConfig{}}, {"float16", RunConfig{Float16: true}}, {"async", RunConfig{Async: true}}} {
		b.Run(mode.name, func(b *testing.B) {
			ctx := context.Background()
			s := newStore(b)
			mode.c.Name = "cnn"
			r, err := s.Start(ctx, mode.c)
			if err != nil {
				b.Fatal(err)
			}
			if err := r.AddSamples(ctx, someSamples(n)); err != nil {
				b.Fatal(err)
			}
			e := Epoch{
				Layers:  []Layer{{Name: "fc1", Dim: dim, Vectors: someVectors(1, n, dim)}},
				Outputs: &Outputs{Predictions: make([]string, n), Losses: make([]float64, n), Confidences: make([]float64, n)},
				Metrics: Metrics{"loss": 1, "accuracy": 0.5},
			}
			for i := range n {
				e.Outputs.Predictions[i] = fmt.Sprint(i % 10)
			}
			b.SetBytes(4 * n * dim)
			for b.Loop() {
				e.Number++
				e.Step += 469
				if err := r.Log(ctx, e); err != nil {
					b.Fatal(err)
				}
			}
			if err := r.Finish(ctx); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkLogMetrics(b *testing.B) {
	ctx := context.Background()
	r := newRun(b, newStore(b), "cnn", 1)
	for step := 0; b.Loop(); step++ {
		if err := r.LogMetrics(ctx, step, Metrics{"loss": 1, "accuracy": 2}); err != nil {
			b.Fatal(err)
		}
	}
}
