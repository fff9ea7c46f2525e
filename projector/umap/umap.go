package umap

import (
	"context"
	"sync"
	"time"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// A Model is a fitted map. Several goroutines may use it, but not change it,
// at once.
type Model struct {
	N, Dims     int
	Embedding   []float32    // N×Dims, row-major
	Options     Options      // as used: NNeighbors and NEpochs resolved
	A, B        float64      // the curve of [FitCurve]
	Preparation *Preparation // what Options.Scale and PCA asked for; nil = nothing
	Neighbors   *space.KNN   // nil in a model that was loaded
	Stages      []Stage      // in order

	rows []float32 // the fitted ones, prepared; nil where they were not given

	indexing sync.Mutex
	indexed  *space.Index // of rows
}

// A Stage is one step of a fit and how long it took.
type Stage struct {
	Name    string
	Seconds float64
}

// FitData is [Fit] for data of which some more is known.
func FitData(ctx context.Context, d Data, o Options, progress space.Progress) (*Model, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	n, err := d.check(o)
	if err != nil {
		return nil, err
	}
	o = o.resolve(n)
	m := &Model{N: n, Dims: o.Dims, Options: o, rows: d.Rows}
	m.A, m.B = FitCurve(o.MinDist, o.Spread)
	watch := stopwatch{stages: &m.Stages, from: time.Now()}

	report := func(stage string, done, total int) {
		if progress != nil {
			progress(stage, done, total)
		}
	}

	if o.prepares() {
		report("prepare", 0, 1)
		if m.Preparation, err = Prepare(ctx, d.Rows, d.Dim, o.Scale, o.PCA, o.Workers); err != nil {
			return nil, err
		}
		if m.rows, err = m.Preparation.Apply(ctx, d.Rows, o.Workers); err != nil {
			return nil, err
		}
		d.Rows, d.Dim = m.rows, m.Preparation.Columns()
		report("prepare", 1, 1)
		watch.lap("prepare")
	}

	report("neighbors", 0, n*n)
	if d.Neighbors != nil {
		m.Neighbors = d.Neighbors.First(o.NNeighbors - 1)
	} else if m.Neighbors, err = space.Neighbors(ctx, d.Rows, d.Dim, space.NeighborOptions{NNeighbors: o.NNeighbors, Metric: o.Metric, Workers: o.Workers}, progress); err != nil {
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
	if m.Embedding, err = d.start(ctx, g, o); err != nil {
		return nil, err
	}
	report("init", 1, 1)
	watch.lap("init")

	report("layout", 0, o.NEpochs)
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
