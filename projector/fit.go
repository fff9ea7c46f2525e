package projector

import (
	"context"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

// fit lays out the rows of src as the resolved options say, and returns their coordinates. They start at start, or where
// the options say if that is nil.
func fit(ctx context.Context, src *source, o Options, start []float32, progress Progress) ([]float32, Stages, error) {
	u := o.umap()
	u.Scale, u.PCA = "none", 0 // the source has seen to it
	if o.plain() && start == nil {
		m, err := umap.Fit(ctx, src.x, src.dim, u, umap.Progress(progress))
		if err != nil {
			return nil, nil, err
		}
		var stages Stages
		for _, s := range m.Stages {
			stages = append(stages, Stage(s))
		}
		return m.Embedding, stages, nil
	}
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
		parts := make([]*umap.Graph, len(src.frames))
		for i, f := range src.frames {
			x := src.x[f.first*src.dim : (f.first+len(f.samples))*src.dim]
			var err error
			if parts[i], err = neighbourGraph(ctx, x, src.dim, r.size(r.within, o), o, nil); err != nil {
				return nil, err
			}
			progress.report("neighbors", i+1, len(src.frames))
		}
		graphs = append(graphs, sideBySide(parts))
	}
	return graphs, nil
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
