package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/projector/measure"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// measureFile measures a map that was made elsewhere against the vectors of the runs, epoch by epoch.
func measureFile(ctx context.Context, store *tracker.Store, runs []string, path string) (report *measure.Report, err error) {
	in, err := interchange.Open(ctx, path, interchange.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	var laid []interchange.Layer
	for e, err := range in.Epochs(ctx) {
		if err != nil {
			return nil, err
		}
		l := e.Layers[0]
		l.Data = slices.Clone(l.Data)
		laid = append(laid, l)
	}
	frames := make([][]measure.Frame, len(runs))
	for r, run := range runs {
		list, err := store.Frames(ctx, run)
		if err != nil {
			return nil, err
		}
		labels, err := classesOf(ctx, store, run)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			if len(laid) == 0 {
				return nil, errors.New("it has fewer epochs than the runs")
			}
			frame, err := store.Frame(ctx, run, f.Layer, f.Epoch)
			if err != nil {
				return nil, err
			}
			at := laid[0]
			if n := len(at.Data) / at.Dim; n != len(frame.IDs) {
				return nil, fmt.Errorf("an epoch has %d points, and epoch %d of the run %d vectors", n, f.Epoch, len(frame.IDs))
			}
			m := measure.Frame{X: frame.Vectors, Dim: frame.Dim, Y: at.Data, Dims: at.Dim}
			for _, id := range frame.IDs {
				m.Samples, m.Classes = append(m.Samples, labels[id].number), append(m.Classes, labels[id].class)
			}
			frames[r] = append(frames[r], m)
			laid = laid[1:]
		}
	}
	if len(laid) > 0 {
		return nil, errors.New("it has more epochs than the runs")
	}
	return measure.Compute(ctx, frames, measure.Options{})
}

// labelled is a sample by its place among the run's, with a number for its label, −1 for none.
type labelled struct{ number, class int }

func classesOf(ctx context.Context, store *tracker.Store, run string) (map[string]labelled, error) {
	samples, err := store.Samples(ctx, run)
	if err != nil {
		return nil, err
	}
	var names []string
	of := map[string]labelled{}
	for i, s := range samples {
		class := slices.Index(names, s.Label)
		switch {
		case s.Label == "":
			class = -1
		case class < 0:
			class = len(names)
			names = append(names, s.Label)
		}
		of[s.ID] = labelled{i, class}
	}
	return of, nil
}
