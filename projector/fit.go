package projector

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
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
	graphs, err := neighbourGraphs(ctx, src, o, progress)
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
	progress.report("init", 1, 1)
	watch.lap("init")

	progress.report("layout", 0, u.NEpochs)
	a, b := umap.FitCurve(o.MinDist, o.Spread)
	err = umap.Layout(ctx, y, o.Dims, g, umap.LayoutOptions{
		A: a, B: b, NEpochs: u.NEpochs, LearningRate: o.LearningRate,
		NegativeSampleRate: o.NegativeSampleRate, RepulsionStrength: o.RepulsionStrength,
		Seed: o.Seed, Workers: o.Workers,
		Group: src.groups(), GroupShare: o.EpochNegatives,
	}, umap.Progress(progress))
	watch.lap("layout")
	return y, watch.stages, err
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

// neighbourGraphs returns the mode's fuzzy neighbour graphs: among all rows, and among those of the same epoch.
func neighbourGraphs(ctx context.Context, src *source, o Options, progress Progress) ([]*umap.Graph, error) {
	r := recipes[o.Mode]
	var graphs []*umap.Graph
	if r.joint > 0 {
		g, err := neighbourGraph(ctx, src.x, src.dim, r.size(r.joint, o), o, umap.Progress(progress))
		if err != nil {
			return nil, err
		}
		graphs = append(graphs, g)
	}
	if r.within > 0 {
		g, err := withinGraph(ctx, src, r.size(r.within, o), o, progress)
		if err != nil {
			return nil, err
		}
		graphs = append(graphs, g)
	}
	return graphs, nil
}

// withinGraph joins rows to their neighbours in the same run and epoch. Where there are many frames, each is one worker's.
func withinGraph(ctx context.Context, src *source, neighbours int, o Options, progress Progress) (*umap.Graph, error) {
	crew := vec.Workers(o.Workers)
	if len(src.frames) >= 2*crew {
		o.Workers = 1
	} else {
		crew = 1
	}
	parts, errs := make([]*umap.Graph, len(src.frames)), make([]error, len(src.frames))
	var next atomic.Int64
	var reporting sync.Mutex // guards done, and progress
	done := 0
	var wg sync.WaitGroup
	for range crew {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(parts) {
					return
				}
				f := src.frames[i]
				x := src.x[f.first*src.dim : (f.first+len(f.samples))*src.dim]
				parts[i], errs[i] = neighbourGraph(ctx, x, src.dim, neighbours, o, nil)
				reporting.Lock()
				done++
				progress.report("neighbors", done, len(parts))
				reporting.Unlock()
			}
		})
	}
	wg.Wait()
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return nil, err
	}
	return sideBySide(parts), nil
}

// neighbourGraph is UMAP's graph of the rows of x.
func neighbourGraph(ctx context.Context, x []float32, dim, neighbours int, o Options, progress umap.Progress) (*umap.Graph, error) {
	knn, err := umap.Neighbors(ctx, x, dim, umap.NeighborOptions{NNeighbors: neighbours, Metric: o.Metric, Workers: o.Workers}, progress)
	if err != nil {
		return nil, err
	}
	v, err := umap.Memberships(ctx, knn, min(o.LocalConnectivity, float64(knn.K)), o.Workers)
	if err != nil {
		return nil, err
	}
	return umap.FuzzyUnion(ctx, knn, v, o.SetOpMixRatio, o.Workers)
}
