package projector

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/projector/umap"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Transform returns places on the map for vectors that are not on it, such as further inputs put through the network as
// it was at an epoch: x is n×dim, row-major, and the result n×dims. Each finds its place among the points that are its
// neighbours, of all epochs or of the named one as the projection's mode has it; the map itself stays as it is.
//
// The run, named by id, name or experiment/name, may be empty where the projection has only one. The epoch must be on
// the map. Vectors have as many columns as [Projection.Columns] says. A vector's place depends on the vector, the epoch and
// the map alone: not on what else is in x, and not on the number of workers.
func (p *Projection) Transform(ctx context.Context, run string, epoch int, x []float32) ([]float32, error) {
	g, err := p.extension(ctx, nil)
	if err != nil {
		return nil, err
	}
	frame, err := g.frame(ctx, run, epoch)
	if err != nil {
		return nil, err
	}
	src, o := g.src, g.p.info.Options
	dim := src.dim
	if src.preparation != nil {
		dim = src.preparation.In()
	}
	if len(x)%dim != 0 {
		return nil, fmt.Errorf("%w: %d numbers are not a whole number of vectors of %d dimensions", ErrOptions, len(x), dim)
	}
	for i, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("%w: vector %d, column %d is %v", ErrOptions, i/dim, i%dim, v)
		}
	}
	if src.preparation != nil {
		if x, err = src.preparation.Apply(ctx, x, o.Workers); err != nil {
			return nil, asOptions(err)
		}
	}
	return g.transform(ctx, frame, x, o)
}

// Columns returns how many columns the vectors have that the map was made from, and those that [Projection.Transform]
// places.
func (p *Projection) Columns(ctx context.Context) (int, error) {
	for _, run := range p.info.Runs {
		frames, err := p.store.Frames(ctx, run)
		if err != nil {
			return 0, err
		}
		for _, f := range frames {
			if f.Layer == p.info.Layer {
				return f.Dim, nil
			}
		}
	}
	return 0, fmt.Errorf("vectors of layer %q, which projection %q was made from: %w", p.info.Layer, p.info.ID, tracker.ErrNotFound)
}

// frame finds a frame that is on the map and forgets those that are not, or not as they are now.
func (g *extension) frame(ctx context.Context, run string, epoch int) (int, error) {
	id := ""
	switch {
	case run != "":
		info, err := g.p.store.Run(ctx, run)
		if err != nil {
			return 0, err
		}
		id = info.ID
	case len(g.src.runs) == 1:
		id = g.src.runs[0]
	default:
		return 0, fmt.Errorf("projection %q is of runs %s: say which: %w", g.p.info.ID, titles(ctx, g.p.store, g.src.runs...), tracker.ErrAmbiguous)
	}
	g.forgetFresh()
	for i, f := range g.src.frames {
		if g.src.runs[f.run] == id && f.epoch == epoch {
			return i, nil
		}
	}
	return 0, fmt.Errorf("epoch %d of run %s is not on projection %q as it is now: %w", epoch, titles(ctx, g.p.store, id), g.p.info.ID, tracker.ErrNotFound)
}

func (g *extension) forgetFresh() {
	src := &source{layer: g.src.layer, dim: g.src.dim, runs: g.src.runs, lists: g.src.lists, preparation: g.src.preparation}
	dims := g.p.info.Dims
	var y []float32
	for i, f := range g.src.frames {
		if g.fresh[i] {
			continue
		}
		lo, hi := f.first, f.first+len(f.samples)
		f.first = src.rows()
		src.frames = append(src.frames, f)
		src.x = append(src.x, g.src.x[lo*src.dim:hi*src.dim]...)
		y = append(y, g.y[lo*dims:hi*dims]...)
	}
	g.src, g.y, g.fresh = src, y, make([]bool, len(src.frames))
}

// transform places vectors among the points of the map, which stay where they are, as further samples of a frame.
func (g *extension) transform(ctx context.Context, frame int, x []float32, o Options) ([]float32, error) {
	src := g.src
	m := len(x) / src.dim
	r, seen := recipes[o.Mode], src.pictures(o)
	picture := seen.of[src.frames[frame].first]
	graph := &umap.Graph{Start: make([]int, m+1)}
	if r.joint > 0 {
		h, err := edgesTo(ctx, src.x, src.dim, x, r.size(r.joint, o), o)
		if err != nil {
			return nil, err
		}
		graph = h
	}
	if r.within > 0 {
		h, err := edgesTo(ctx, seen.vectors(int(picture)), src.dim, x, r.size(r.within, o), o)
		if err != nil {
			return nil, err
		}
		for e, c := range h.Col {
			h.Col[e] = seen.rows[picture][c]
		}
		if graph, err = umap.Unite(ctx, graph, h, o.Workers); err != nil {
			return nil, err
		}
	}
	y := umap.StartAmong(graph, g.y, o.Dims)
	layout := placeOptions(o, append(seen.of, slices.Repeat([]int32{picture}, m)...))
	return y, umap.Place(ctx, y, g.y, o.Dims, graph, umap.PlaceOptions{LayoutOptions: layout, Key: umap.RowKeys(x, src.dim)}, nil)
}

// edgesTo returns the edges from each row of q to its nearest among the rows of x, with UMAP's weights: those of a row
// depend on that row alone. neighbours counts the row itself.
func edgesTo(ctx context.Context, x []float32, dim int, q []float32, neighbours int, o Options) (*umap.Graph, error) {
	index, err := space.NewIndex(x, dim, o.Metric, o.Workers)
	if err != nil {
		return nil, err
	}
	knn, err := index.Neighbors(ctx, q, max(1, neighbours-1), o.Workers, nil)
	if err != nil {
		return nil, err
	}
	v, err := umap.MembershipsAmong(ctx, knn, min(o.LocalConnectivity, float64(knn.K)), o.Workers)
	if err != nil {
		return nil, err
	}
	return umap.Directed(ctx, knn, v, o.Workers)
}
