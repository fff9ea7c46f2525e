package projector

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/umap"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// transformBatch is how many vectors find their places at once. They repel each other as the points of one epoch do,
// so there must not be many more of them than of those.
const transformBatch = 2048

// Transform returns places on the map for vectors that are not on it, such as further inputs put through the network as
// it was at an epoch: x is n×dim, row-major, and the result n×dims. Each finds its place among the points that are its
// neighbours, of all epochs or of the named one as the projection's mode has it; the map itself stays as it is.
//
// The run, named by id, name or experiment/name, may be empty where the projection has only one. The epoch must be on
// the map. The same vectors in the same order get the same places, for any number of workers.
func (p *Projection) Transform(ctx context.Context, run string, epoch int, x []float32) ([]float32, error) {
	g, err := p.growth(ctx, nil)
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
	var out []float32
	for lo := 0; lo < len(x); lo += transformBatch * src.dim {
		batch := x[lo:min(len(x), lo+transformBatch*src.dim)]
		y, err := g.transform(ctx, frame, batch, o)
		if err != nil {
			return nil, err
		}
		out = append(out, y...)
	}
	return out, nil
}

// frame finds a frame that is on the map and forgets those that are not, or not as they are now.
func (g *growth) frame(ctx context.Context, run string, epoch int) (int, error) {
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
		return 0, fmt.Errorf("projection %q is of runs %v: say which: %w", g.p.info.ID, g.src.runs, tracker.ErrAmbiguous)
	}
	g.forgetFresh()
	for i, f := range g.src.frames {
		if g.src.runs[f.run] == id && f.epoch == epoch {
			return i, nil
		}
	}
	return 0, fmt.Errorf("epoch %d of run %s is not on projection %q as it is now: %w", epoch, id, g.p.info.ID, tracker.ErrNotFound)
}

func (g *growth) forgetFresh() {
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

// transform places one batch of vectors as if they were further samples of a frame.
func (g *growth) transform(ctx context.Context, frame int, x []float32, o Options) ([]float32, error) {
	n, m, dims := g.src.rows(), len(x)/g.src.dim, o.Dims
	r, f := recipes[o.Mode], g.src.frames[frame]
	with := *g.src
	with.x = slices.Concat(g.src.x, x)
	fresh := make([]bool, n+m)
	groups := append(g.src.groups(), make([]int32, m)...)
	for i := n; i < n+m; i++ {
		fresh[i], groups[i] = true, int32(frame)
	}
	graph := &umap.Graph{Start: make([]int, n+m+1)}
	if r.joint > 0 {
		edges, err := nearestEdges(ctx, with.x, with.dim, fresh, n, r.size(r.joint, o), o)
		if err != nil {
			return nil, err
		}
		graph = graphOf(edges)
	}
	if r.within > 0 {
		near := slices.Concat(g.src.x[f.first*with.dim:(f.first+len(f.samples))*with.dim], x)
		edges, err := nearestEdges(ctx, near, with.dim, fresh[n-len(f.samples):], len(f.samples), r.size(r.within, o), o)
		if err != nil {
			return nil, err
		}
		all := make([][]edge, n+m)
		for i, list := range edges[len(f.samples):] {
			for _, e := range list {
				all[n+i] = append(all[n+i], edge{e.to + int32(f.first), e.weight})
			}
		}
		if graph, err = umap.Unite(ctx, graph, graphOf(all), o.Workers); err != nil {
			return nil, err
		}
	}
	y := append(slices.Clone(g.y), make([]float32, m*dims)...)
	err := settle(ctx, &with, y, fresh, graph, groups, o, nil)
	return y[n*dims:], err
}
