package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// madeUpMap logs a run of 10 classes, with outputs and metrics but no layer, and gives it a map on which the classes part
// as epochs go by. It returns the run's id.
func madeUpMap(ctx context.Context, store *tracker.Store, s mapShape, meter *cli.Meter) (string, error) {
	const classes = 10
	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "bench", Name: "view"})
	if err != nil {
		return "", err
	}
	r := rand.New(rand.NewPCG(42, 1))
	samples := make([]tracker.Sample, s.samples)
	for i := range samples {
		samples[i] = tracker.Sample{ID: strconv.Itoa(i), Label: strconv.Itoa(i % classes)}
	}
	meter.Show("making samples", 0, 1)
	if err := run.AddSamples(ctx, samples); err != nil {
		return "", err
	}
	places := make([]projector.Coordinates, s.epochs)
	noise := normals(r, 2*s.samples)
	for e := range s.epochs {
		meter.Show("making epochs", e, s.epochs)
		apart := 6 * float64(e+1) / float64(s.epochs)
		out := &tracker.Outputs{Predictions: make([]string, s.samples), Losses: make([]float64, s.samples), Confidences: make([]float64, s.samples)}
		at := make([]float32, len(noise))
		for i := range s.samples {
			turn := 2 * math.Pi * float64(i%classes) / classes
			for d, centre := range [2]float64{math.Cos(turn), math.Sin(turn)} {
				noise[2*i+d] += 0.1 * float32(r.NormFloat64())
				at[2*i+d] = noise[2*i+d] + float32(apart*centre)
			}
			out.Losses[i] = r.ExpFloat64() / float64(e+1)
			out.Confidences[i] = math.Exp(-out.Losses[i])
			out.Predictions[i] = samples[i].Label
			if out.Confidences[i] < 0.3 {
				out.Predictions[i] = strconv.Itoa(r.IntN(classes))
			}
		}
		places[e] = projector.Coordinates{Epoch: e + 1, Coordinates: at}
		err := run.Log(ctx, tracker.Epoch{Number: e + 1, Outputs: out, Metrics: tracker.Metrics{"loss": 1 / float64(e+1), "accuracy": 1 - 0.5/float64(e+1)}})
		if err != nil {
			return "", err
		}
	}
	if err := run.Finish(ctx); err != nil {
		return "", err
	}
	if _, err := projector.Given(ctx, store, run.ID(), "", 2, places, meter.Show); err != nil {
		return "", fmt.Errorf("cannot make a map of %s: %w", s.String(), err)
	}
	return run.ID(), nil
}
