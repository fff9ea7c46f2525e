package umap

import (
	"context"
	"time"
)

// A Model is a fitted map.
type Model struct {
	N, Dims   int
	Embedding []float32 // N×Dims, row-major
	Options   Options   // as used: NNeighbors, NEpochs and Workers resolved
	A, B      float64   // the curve of [FitCurve]
	Neighbors *KNN
	Stages    []Stage // in order
}

// A Stage is one step of a fit and how long it took.
type Stage struct {
	Name    string
	Seconds float64
}

// Fit maps the rows of x (n×dim, row-major) to o.Dims dimensions.
func Fit(ctx context.Context, x []float32, dim int, o Options, progress Progress) (*Model, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	n, err := checkRows(x, dim)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, refuse("no rows to map")
	}
	o = o.resolve(n)
	m := &Model{N: n, Dims: o.Dims, Options: o}
	m.A, m.B = FitCurve(o.MinDist, o.Spread)
	watch := stopwatch{stages: &m.Stages, from: time.Now()}

	report := func(stage string, done, total int) {
		if progress != nil {
			progress(stage, done, total)
		}
	}

	m.Neighbors, err = Neighbors(ctx, x, dim, NeighborOptions{NNeighbors: o.NNeighbors, Metric: o.Metric, Workers: o.Workers}, progress)
	if err != nil {
		return nil, err
	}
	watch.lap("neighbors")

	report("graph", 0, 1)
	v, err := Memberships(ctx, m.Neighbors, o.LocalConnectivity, o.Workers)
	if err != nil {
		return nil, err
	}
	g, err := FuzzyUnion(ctx, m.Neighbors, v, o.SetOpMixRatio, o.Workers)
	if err != nil {
		return nil, err
	}
	g = g.Prune(o.NEpochs)
	report("graph", 1, 1)
	watch.lap("graph")

	report("init", 0, 1)
	m.Embedding, err = Start(ctx, x, dim, g, o)
	if err != nil {
		return nil, err
	}
	report("init", 1, 1)
	watch.lap("init")

	err = Layout(ctx, m.Embedding, o.Dims, g, LayoutOptions{
		A: m.A, B: m.B, NEpochs: o.NEpochs, LearningRate: o.LearningRate,
		NegativeSampleRate: o.NegativeSampleRate, RepulsionStrength: o.RepulsionStrength,
		Seed: o.Seed, Workers: o.Workers,
	}, progress)
	if err != nil {
		return nil, err
	}
	watch.lap("layout")
	return m, nil
}

type stopwatch struct {
	stages *[]Stage
	from   time.Time
}

func (w *stopwatch) lap(name string) {
	now := time.Now()
	*w.stages = append(*w.stages, Stage{name, now.Sub(w.from).Seconds()})
	w.from = now
}
