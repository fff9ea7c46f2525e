package projector

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

// Placing takes fewer passes than a fit, and shorter steps: points start near where they belong, and what they are
// attracted to stays.
const (
	placePasses = 100
	placeRate   = 0.25
)

// place finds places for the rows of the fresh frames of src on the map that y (rows×dims) holds for the others, which
// stay where they are.
func place(ctx context.Context, src *source, y []float32, fresh []bool, o Options, progress Progress) error {
	progress.report("neighbors", 0, 1)
	g, err := freshGraph(ctx, src, fresh, o)
	if err != nil {
		return err
	}
	progress.report("neighbors", 1, 1)
	return settle(ctx, src, y, src.freshRows(fresh), g, src.groups(), o, progress)
}

// settle lets the fresh rows find their places along the edges of g. None leads from the others, so nothing moves them.
func settle(ctx context.Context, src *source, y []float32, fresh []bool, g *umap.Graph, groups []int32, o Options, progress Progress) error {
	startFresh(src, y, fresh, g, o)
	layout := placeOptions(o)
	layout.Group = groups
	return umap.Layout(ctx, y, o.Dims, g.Prune(placePasses), layout, umap.Progress(progress))
}

// placeOptions are the settings of placing points on a map, but for the groups of points.
func placeOptions(o Options) umap.LayoutOptions {
	a, b := umap.FitCurve(o.MinDist, o.Spread)
	return umap.LayoutOptions{
		A: a, B: b, NEpochs: placePasses, LearningRate: placeRate * o.LearningRate,
		NegativeSampleRate: o.NegativeSampleRate, RepulsionStrength: o.RepulsionStrength,
		Seed: o.Seed, Workers: o.Workers, GroupShare: o.EpochNegatives,
	}
}

// freshGraph is what the mode's graph would be, less the edges that lead from rows that are not fresh.
func freshGraph(ctx context.Context, src *source, fresh []bool, o Options) (*umap.Graph, error) {
	r := recipes[o.Mode]
	g := &umap.Graph{Start: make([]int, src.rows()+1)}
	unite := func(h *umap.Graph, err error) error {
		if err == nil {
			g, err = umap.Unite(ctx, g, h, o.Workers)
		}
		return err
	}
	if r.joint > 0 {
		if err := unite(jointEdges(ctx, src, fresh, r.size(r.joint, o), o)); err != nil {
			return nil, err
		}
	}
	if r.within > 0 {
		parts := make([]*umap.Graph, len(src.frames))
		for i, f := range src.frames {
			parts[i] = &umap.Graph{Start: make([]int, len(f.samples)+1)}
			if fresh[i] {
				var err error
				x := src.x[f.first*src.dim : (f.first+len(f.samples))*src.dim]
				if parts[i], err = neighbourGraph(ctx, x, src.dim, r.size(r.within, o), o, nil); err != nil {
					return nil, err
				}
			}
		}
		if err := unite(sideBySide(parts), nil); err != nil {
			return nil, err
		}
	}
	if o.TieWeight > 0 {
		if err := unite(from(tieGraph(src, float32(o.TieWeight)), src.freshRows(fresh)), nil); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// jointEdges joins fresh rows to their nearest among all rows. Between two fresh rows the edge counts in both
// directions, united as UMAP does it.
func jointEdges(ctx context.Context, src *source, fresh []bool, neighbours int, o Options) (*umap.Graph, error) {
	n, isFresh := src.rows(), src.freshRows(fresh)
	forward, err := nearestEdges(ctx, src.x, src.dim, isFresh, neighbours, o)
	if err != nil {
		return nil, err
	}
	back := make([][]edge, n)
	for i, edges := range forward {
		for _, e := range edges {
			if isFresh[e.to] {
				back[e.to] = append(back[e.to], edge{int32(i), e.weight})
			}
		}
	}
	return umap.Unite(ctx, graphOf(forward), graphOf(back), o.Workers)
}

// freshRows tells of each row whether it is of a fresh frame.
func (s *source) freshRows(fresh []bool) []bool {
	out := make([]bool, 0, s.rows())
	for i, f := range s.frames {
		for range f.samples {
			out = append(out, fresh[i])
		}
	}
	return out
}
