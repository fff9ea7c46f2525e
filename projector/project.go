package projector

import (
	"context"
	"fmt"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Progress is told how far a stage is: load, neighbors, graph, init, layout, quality, store. Calls come one at a time
// and must return soon. A nil Progress is silent.
type Progress func(stage string, done, total int)

func (p Progress) report(stage string, done, total int) {
	if p != nil {
		p(stage, done, total)
	}
}

// Project lays out the epochs of a layer of one or more runs jointly, all of them or those that o chooses, measures the map and stores both. Runs are named
// by id, name or experiment/name; without any, the newest run is taken. Samples may be missing at some epochs; the same
// sample id in two runs is two samples.
//
// Nothing is stored unless all of it is: an error, or the end of ctx, leaves the store as it was.
func Project(ctx context.Context, store *tracker.Store, runs []string, o Options, progress Progress) (*Projection, error) {
	return ProjectFrom(ctx, store, runs, o, nil, progress)
}

// ProjectFrom is [Project] from given coordinates instead of Options.Init, on their own scale, but for a noise of 1e-4:
// every sample of every epoch must have a place in start. There an empty Run stands for the only one, and no Samples for
// all of the run in their order. What [Projection.Coordinates] returns is a start; so are the places of another method.
func ProjectFrom(ctx context.Context, store *tracker.Store, runs []string, o Options, start []Coordinates, progress Progress) (*Projection, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.resolve()
	watch := startWatch()
	src, err := openSource(ctx, store, runs, o, progress)
	if err != nil {
		return nil, err
	}
	if err := src.learn(ctx, o); err != nil {
		return nil, err
	}
	var y []float32
	if start != nil {
		o.Init = initGiven
		if y, err = src.startFrom(start, o); err != nil {
			return nil, err
		}
	}
	watch.lap("load")

	m := o.method(src.rows())
	p := &Projection{store: store, shares: src.shares, info: Info{
		Runs: src.runs, Layer: src.layer, Title: m.Title, Method: m.Name, Mode: o.Mode, Dims: o.Dims,
		Points: src.rows(), Revision: 1, Options: o,
	}}
	y, stages, err := m.fit(ctx, src, o, y, progress)
	if err != nil {
		return nil, fmt.Errorf("projection: %w", err)
	}
	watch.take(stages)

	quality, err := measureQuality(ctx, src, y, o, false, progress)
	if err != nil {
		return nil, err
	}
	watch.lap("quality")

	if err := p.insert(ctx, src, y, quality, watch, progress); err != nil {
		return nil, err
	}
	return p, nil
}
