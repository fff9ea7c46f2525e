package main

import (
	"context"
	"fmt"
	"math"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A grid is the points of one run as an array: epochs × samples × dims, NaN where a sample is missing.
type grid struct {
	epochs, samples, dims int
	values                []float32
}

// readGrid arranges the points that q selects: epochs ascending, samples in the run's order. Each sample that the map
// has at any epoch has its place at every epoch, so that the arrays of two epochs can be compared.
func readGrid(ctx context.Context, store *tracker.Store, p *projector.Projection, q projector.Query) (*grid, error) {
	if runs := p.Info().Runs; q.Run == "" && len(runs) > 1 {
		return nil, fmt.Errorf("projection %s holds %s, and an array has room for one: choose it with --run",
			p.Info().ID, plural(len(runs), "run"))
	}
	chosen, err := p.Placements(ctx, q)
	if err != nil {
		return nil, err
	}
	q.AllEpochs = true
	all, err := p.Placements(ctx, q)
	if err != nil {
		return nil, err
	}
	present := map[string]bool{}
	for _, at := range all {
		for _, sample := range at.Samples {
			present[sample] = true
		}
	}
	samples, err := store.Samples(ctx, all[0].Run)
	if err != nil {
		return nil, err
	}
	place := map[string]int{}
	for _, s := range samples {
		if present[s.ID] {
			place[s.ID] = len(place)
		}
	}
	g := &grid{epochs: len(chosen), samples: len(place), dims: p.Info().Dims}
	g.values = make([]float32, g.epochs*g.samples*g.dims)
	for i := range g.values {
		g.values[i] = float32(math.NaN())
	}
	for e, at := range chosen {
		for i, sample := range at.Samples {
			copy(g.values[(e*g.samples+place[sample])*g.dims:], at.Coordinates[i*g.dims:(i+1)*g.dims])
		}
	}
	return g, nil
}
