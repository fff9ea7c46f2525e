package projector

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

// A recipe says how a mode lets epochs meet: which graphs it unites, and the defaults of what can be set.
type recipe struct {
	joint     float64 // neighbours among the rows of all epochs, over NNeighbors; 0 = no such graph
	within    float64 // neighbours among the rows of the same run and epoch, over NNeighbors; 0 = no such graph
	negatives float64 // Options.EpochNegatives
	ties      float64 // Options.TieWeight
	init      string  // Options.Init
}

// The figures behind the shares, the ties and the starts are in docs/modes.md.
var recipes = map[string]recipe{
	"joint":    {joint: 1, init: umap.Defaults().Init},
	"balanced": {joint: 0.75, within: 0.75, negatives: 0.4, init: "pca"},
	"aligned":  {within: 1, negatives: 1, ties: 0.3, init: "first"},
}

// size is a share of the neighbourhood that o asks for.
func (r recipe) size(share float64, o Options) int {
	return max(2, int(math.Round(share*float64(o.NNeighbors))))
}

// resolve replaces what the mode decides: an empty Init, and the settings that are −1.
func (o Options) resolve() Options {
	r := recipes[o.Mode]
	if o.Init == "" {
		o.Init = r.init
	}
	if o.EpochNegatives == -1 {
		o.EpochNegatives = r.negatives
	}
	if o.TieWeight == -1 {
		o.TieWeight = r.ties
	}
	return o
}

// modes returns the names of the modes, plain UMAP first.
func modes() []string {
	return append([]string{"joint"}, slices.DeleteFunc(slices.Sorted(maps.Keys(recipes)), func(m string) bool { return m == "joint" })...)
}

// fit lays out the rows of src as the resolved options say, and returns their coordinates. They start at start, or where
// the options say if that is nil.
func fit(ctx context.Context, src *source, o Options, start []float32, progress Progress) ([]float32, Stages, error) {
	if o.plain() && start == nil {
		m, err := umap.Fit(ctx, src.x, src.dim, o.umap(), umap.Progress(progress))
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
	u := o.umap()
	if u.NEpochs == 0 {
		u.NEpochs = passes(src.rows())
	}

	graphs, err := neighbourGraphs(ctx, src, o, progress)
	if err != nil {
		return nil, nil, err
	}
	watch.lap("neighbors")

	progress.report("graph", 0, 1)
	if o.TieWeight > 0 {
		graphs = append(graphs, tieGraph(src, float32(o.TieWeight)))
	}
	g := graphs[0]
	for _, h := range graphs[1:] {
		if g, err = umap.Unite(ctx, g, h, o.Workers); err != nil {
			return nil, nil, err
		}
	}
	g = g.Prune(u.NEpochs)
	progress.report("graph", 1, 1)
	watch.lap("graph")

	progress.report("init", 0, 1)
	y := slices.Clone(start)
	switch {
	case start != nil:
	case o.Init == "first":
		y = firstPlaces(src, o)
	default:
		if y, err = umap.Start(ctx, src.x, src.dim, g, u); err != nil {
			return nil, nil, err
		}
	}
	progress.report("init", 1, 1)
	watch.lap("init")

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

// plain reports whether o asks for nothing but UMAP over all rows.
func (o Options) plain() bool {
	return o.Mode == "joint" && o.EpochNegatives == 0 && o.TieWeight == 0 && o.Init != "first"
}

// passes is umap's own choice of NEpochs for n rows.
func passes(n int) int {
	if n <= 10000 {
		return 500
	}
	return 200
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

// sideBySide joins graphs over different rows, numbered on from one to the next.
func sideBySide(parts []*umap.Graph) *umap.Graph {
	g := &umap.Graph{Start: []int{0}}
	for _, p := range parts {
		row, edge := int32(g.Rows()), len(g.Col)
		for _, s := range p.Start[1:] {
			g.Start = append(g.Start, edge+s)
		}
		for _, c := range p.Col {
			g.Col = append(g.Col, row+c)
		}
		g.Weight = append(g.Weight, p.Weight...)
	}
	return g
}

// tieGraph joins each sample to itself at the epochs of its run in which it appears next before and after.
func tieGraph(src *source, weight float32) *umap.Graph {
	n := src.rows()
	before, after := make([]int32, n), make([]int32, n)
	for i := range n {
		before[i], after[i] = -1, -1
	}
	for _, rows := range src.appearances() {
		for i := 1; i < len(rows); i++ {
			before[rows[i]], after[rows[i-1]] = rows[i-1], rows[i]
		}
	}
	g := &umap.Graph{Start: make([]int, 1, n+1)}
	for i := range n {
		for _, j := range [2]int32{before[i], after[i]} { // ascending: rows stand in the order of epochs
			if j >= 0 {
				g.Col, g.Weight = append(g.Col, j), append(g.Weight, weight)
			}
		}
		g.Start = append(g.Start, len(g.Col))
	}
	return g
}

// firstPlaces starts every row where its sample first appears, on the principal plane of its run's earliest epoch that
// spans one: the epochs begin as one picture and part only as far as they differ, and that picture is the one in which
// nothing has formed yet.
func firstPlaces(src *source, o Options) []float32 {
	x := euclideanRows(src.x, src.dim, o.Metric)
	dims := o.Dims
	y := make([]float32, src.rows()*dims)
	planes := make([]*plane, len(src.runs))
	for _, f := range src.frames {
		if planes[f.run] == nil || planes[f.run].rank < dims {
			p := principalPlane(x[f.first*src.dim:(f.first+len(f.samples))*src.dim], src.dim, dims)
			if planes[f.run] == nil || p.rank == dims {
				planes[f.run] = &p
			}
		}
	}
	var largest float32
	for key, rows := range src.appearances() {
		first := int(rows[0])
		at := planes[key.run].place(x[first*src.dim : (first+1)*src.dim])
		for _, row := range rows {
			copy(y[int(row)*dims:], at)
		}
		for _, v := range at {
			largest = max(largest, v, -v)
		}
	}
	if largest == 0 {
		largest = 1
	}
	for i := range y {
		y[i] = 10*y[i]/largest + float32(2e-4*(unitHash(o.Seed, uint64(i))-0.5)) // equal rows must not move as one
	}
	return y
}

// unitHash returns a number from 0 to 1 that depends on nothing but its arguments (Steele, Lea and Flood, SplitMix, 2014).
func unitHash(seed, i uint64) float64 {
	z := seed*0xd1342543de82ef95 + (i+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}
