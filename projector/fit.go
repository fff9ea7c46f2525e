package projector

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/paced"
	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

// fitUMAP lays out the rows of src as the resolved options say, and returns their coordinates. They start at start, or
// where the options say if that is nil.
func fitUMAP(ctx context.Context, src *source, o Options, start []float32, progress Progress) ([]float32, Stages, error) {
	u := o.umap()
	u.Scale, u.PCA = "none", 0 // the source has seen to it
	watch := startWatch()
	if u.NEpochs == 0 {
		u.NEpochs = passes(src.rows())
	}

	progress.report("neighbors", 0, 1)
	seen := src.pictures(o)
	graphs, err := neighbourGraphs(ctx, seen, o, progress)
	if err != nil {
		return nil, nil, err
	}
	watch.lap("neighbors")

	progress.report("graph", 0, 1)
	g, err := unite(ctx, src, graphs, o)
	if err != nil {
		return nil, nil, err
	}
	g = g.Prune(u.NEpochs)
	progress.report("graph", 1, 1)
	watch.lap("graph")

	progress.report("init", 0, 1)
	y := slices.Clone(start)
	if start == nil {
		if y, err = startPlaces(ctx, src, g, o); err != nil {
			return nil, nil, err
		}
	}
	film, err := seen.film(ctx, o)
	if err == nil && film != nil {
		err = film.Begin(ctx, y, startRadius(start))
	}
	if err != nil {
		return nil, nil, err
	}
	progress.report("init", 1, 1)
	watch.lap("init")

	layout := layoutOptions(o, seen.of)
	layout.NEpochs = u.NEpochs
	err = move(ctx, y, g, layout, film, o, progress)
	watch.lap("layout")
	return y, watch.stages, err
}

// startRadius is that of each picture in a mode that keeps time: given places stay on their own scale.
func startRadius(start []float32) float64 {
	if start != nil {
		return 0
	}
	return 6
}

// layoutOptions are the settings of a layout of points in these groups, but for the number of its passes.
func layoutOptions(o Options, groups []int32) umap.LayoutOptions {
	a, b := umap.FitCurve(o.MinDist, o.Spread)
	return umap.LayoutOptions{
		A: a, B: b, LearningRate: o.LearningRate,
		NegativeSampleRate: recipes[o.Mode].rate * o.NegativeSampleRate, RepulsionStrength: o.RepulsionStrength,
		Seed: o.Seed, Workers: o.Workers, Group: groups, GroupShare: o.EpochNegatives,
	}
}

// move runs the layout and, where there is one, the film whose pictures it moves.
func move(ctx context.Context, y []float32, g *umap.Graph, layout umap.LayoutOptions, film *paced.Film, o Options, progress Progress) error {
	progress.report("layout", 0, layout.NEpochs)
	if film == nil {
		return umap.Layout(ctx, y, o.Dims, g, layout, space.Progress(progress))
	}
	layout.After = film.Pass
	if err := umap.Layout(ctx, y, o.Dims, g, layout, space.Progress(progress)); err != nil {
		return err
	}
	return film.End(ctx, y)
}

// unite joins the graphs of the mode and the ties to one.
func unite(ctx context.Context, src *source, graphs []*umap.Graph, o Options) (g *umap.Graph, err error) {
	if o.TieWeight > 0 {
		graphs = append(graphs, tieGraph(src, float32(o.TieWeight)))
	}
	g = graphs[0]
	for _, h := range graphs[1:] {
		if g, err = umap.Unite(ctx, g, h, o.Workers); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// neighbourGraphs returns the mode's fuzzy neighbour graphs: among all rows, and among those of the same picture.
func neighbourGraphs(ctx context.Context, seen pictures, o Options, progress Progress) ([]*umap.Graph, error) {
	r, src := recipes[o.Mode], seen.src
	var graphs []*umap.Graph
	if r.joint > 0 {
		g, err := neighbourGraph(ctx, src.x, src.dim, r.size(r.joint, o), o, space.Progress(progress))
		if err != nil {
			return nil, err
		}
		graphs = append(graphs, g)
	}
	if r.within > 0 {
		g, err := withinGraph(ctx, seen, r.size(r.within, o), o, progress)
		if err != nil {
			return nil, err
		}
		graphs = append(graphs, g)
	}
	return graphs, nil
}

// withinGraph joins rows to their neighbours in the same picture. Where there are many pictures, each is one worker's.
func withinGraph(ctx context.Context, seen pictures, neighbours int, o Options, progress Progress) (*umap.Graph, error) {
	crew, total := vec.Workers(o.Workers), len(seen.rows)
	if total >= 2*crew {
		o.Workers = 1
	} else {
		crew = 1
	}
	parts, errs := make([]*umap.Graph, total), make([]error, total+1)
	var reporting sync.Mutex // guards done, and progress
	done := 0
	errs[total] = vec.Each(ctx, total, crew, func(_, i int) {
		parts[i], errs[i] = neighbourGraph(ctx, seen.vectors(i), seen.src.dim, neighbours, o, nil)
		reporting.Lock()
		defer reporting.Unlock()
		done++
		progress.report("neighbors", done, total)
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return seen.join(parts), nil
}

// neighbourGraph is UMAP's graph of the rows of x.
func neighbourGraph(ctx context.Context, x []float32, dim, neighbours int, o Options, progress space.Progress) (*umap.Graph, error) {
	knn, err := space.Neighbors(ctx, x, dim, space.NeighborOptions{NNeighbors: neighbours, Metric: o.Metric, Workers: o.Workers}, progress)
	if err != nil {
		return nil, err
	}
	v, err := umap.Memberships(ctx, knn, min(o.LocalConnectivity, float64(knn.K)), o.Workers)
	if err != nil {
		return nil, err
	}
	return umap.FuzzyUnion(ctx, knn, v, o.SetOpMixRatio, o.Workers)
}
