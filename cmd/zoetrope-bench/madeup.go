package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A shape is the size of embeddings that are made up, written 20x2000x128.
type shape struct{ epochs, samples, dim int }

func (s *shape) String() string { return fmt.Sprintf("%dx%dx%d", s.epochs, s.samples, s.dim) }

func (s *shape) Type() string { return "ExNxD" }

func (s *shape) Set(text string) error {
	var t shape
	if n, _ := fmt.Sscanf(text, "%dx%dx%d", &t.epochs, &t.samples, &t.dim); n != 3 || t.String() != text || min(t.epochs, t.samples, t.dim) < 1 {
		return fmt.Errorf("want epochs, samples and columns, as in %s", s)
	}
	*s = t
	return nil
}

// logMadeUp logs embeddings of 10 classes, whose centres move from one point to 2 standard deviations of the noise in each
// column, while every sample drifts a little from epoch to epoch.
func logMadeUp(ctx context.Context, run *tracker.Run, s shape, seed uint64, meter *cli.Meter) error {
	const classes = 10
	r := rand.New(rand.NewPCG(seed, 1))
	samples := make([]tracker.Sample, s.samples)
	for i := range samples {
		samples[i] = tracker.Sample{ID: strconv.Itoa(i), Label: strconv.Itoa(i % classes)}
	}
	if err := run.AddSamples(ctx, samples); err != nil {
		return err
	}
	centre, noise := normals(r, classes*s.dim), normals(r, s.samples*s.dim)
	for e := range s.epochs {
		meter.Show("making epochs", e, s.epochs)
		apart := 2 * float32(e+1) / float32(s.epochs)
		v := make([]float32, len(noise))
		for i := range v {
			noise[i] += 0.1 * float32(r.NormFloat64())
			v[i] = noise[i] + apart*centre[i/s.dim%classes*s.dim+i%s.dim]
		}
		if err := run.Log(ctx, tracker.Epoch{Number: e + 1, Layers: []tracker.Layer{{Name: "embedding", Dim: s.dim, Vectors: v}}}); err != nil {
			return err
		}
	}
	return nil
}

func normals(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}
