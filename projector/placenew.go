package projector

import (
	"context"
	"slices"

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
	seen, rows := src.pictures(o), src.freshRows(fresh)
	g, err := freshGraph(ctx, seen, rows, o)
	if err != nil {
		return err
	}
	progress.report("neighbors", 1, 1)
	film, err := seen.film(ctx, o)
	if err == nil && film != nil {
		err = film.Resume(ctx, y, not(rows))
	}
	if err != nil {
		return err
	}
	startFresh(src, y, rows, g, o)
	return move(ctx, y, g.Prune(placePasses), placeOptions(o, seen.of), film, o, progress)
}

func not(is []bool) []bool {
	out := make([]bool, len(is))
	for i, v := range is {
		out[i] = !v
	}
	return out
}

// placeOptions are the settings of placing points on a map, of points in these groups. A map that keeps time starts a new picture
// from the one before, whose clusters may be others by now: only steps of a fit's length take it apart (TestLife: trust .896 and .933).
func placeOptions(o Options, groups []int32) umap.LayoutOptions {
	layout := layoutOptions(o, groups)
	layout.NEpochs, layout.LearningRate = placePasses, placeRate*o.LearningRate
	if recipes[o.Mode].paced {
		layout.LearningRate = o.LearningRate
	}
	return layout
}

// freshGraph is what the mode's graph would be, less the edges that lead from rows that are not fresh.
func freshGraph(ctx context.Context, seen pictures, fresh []bool, o Options) (*umap.Graph, error) {
	r, src := recipes[o.Mode], seen.src
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
		parts := make([]*umap.Graph, len(seen.rows))
		for i, rows := range seen.rows {
			if slices.ContainsFunc(rows, func(row int32) bool { return fresh[row] }) {
				var err error
				if parts[i], err = neighbourGraph(ctx, seen.vectors(i), src.dim, r.size(r.within, o), o, nil); err != nil {
					return nil, err
				}
			}
		}
		if err := unite(from(seen.join(parts), fresh), nil); err != nil {
			return nil, err
		}
	}
	if o.TieWeight > 0 {
		if err := unite(from(tieGraph(src, float32(o.TieWeight)), fresh), nil); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// jointEdges joins fresh rows to their nearest among all rows. Between two fresh rows the edge counts in both
// directions, united as UMAP does it.
func jointEdges(ctx context.Context, src *source, fresh []bool, neighbours int, o Options) (*umap.Graph, error) {
	forward, err := nearestEdges(ctx, src.x, src.dim, fresh, neighbours, o)
	if err != nil {
		return nil, err
	}
	back := make([][]edge, src.rows())
	for i, edges := range forward {
		for _, e := range edges {
			if fresh[e.to] {
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
