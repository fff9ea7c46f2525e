package projector

import (
	"context"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/measure"
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
	a, b := umap.FitCurve(o.MinDist, o.Spread)
	return umap.Layout(ctx, y, o.Dims, g.Prune(placePasses), umap.LayoutOptions{
		A: a, B: b, NEpochs: placePasses, LearningRate: placeRate * o.LearningRate,
		NegativeSampleRate: o.NegativeSampleRate, RepulsionStrength: o.RepulsionStrength,
		Seed: o.Seed, Workers: o.Workers,
		Group: groups, GroupShare: o.EpochNegatives,
	}, umap.Progress(progress))
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
	forward, err := nearestEdges(ctx, src.x, src.dim, isFresh, n, neighbours, o)
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

// nearestEdges returns the edges from each wanted row of x to its nearest among the first rows, with UMAP's weights.
// neighbours counts the row itself.
func nearestEdges(ctx context.Context, x []float32, dim int, wanted []bool, among, neighbours int, o Options) ([][]edge, error) {
	var rows []int
	for i, w := range wanted {
		if w {
			rows = append(rows, i)
		}
	}
	out := make([][]edge, len(wanted))
	k := min(neighbours, among) - 1
	if k < 1 {
		return out, nil
	}
	index, dist, err := measure.Nearest(ctx, euclideanRows(x, dim, o.Metric), dim, rows, among, k, o.Workers)
	if err != nil {
		return nil, err
	}
	toMetric(dist, o.Metric)
	v, err := umap.Memberships(ctx, &umap.KNN{N: len(rows), K: k, Index: index, Dist: dist}, min(o.LocalConnectivity, float64(k)), o.Workers)
	if err != nil {
		return nil, err
	}
	for r, i := range rows {
		for j := r * k; j < (r+1)*k; j++ {
			out[i] = append(out[i], edge{index[j], v[j]})
		}
	}
	return out, nil
}

type edge struct {
	to     int32
	weight float32
}

// graphOf makes a graph of the edges of each row.
func graphOf(rows [][]edge) *umap.Graph {
	g := &umap.Graph{Start: make([]int, 1, len(rows)+1)}
	for _, edges := range rows {
		slices.SortFunc(edges, func(a, b edge) int { return int(a.to) - int(b.to) })
		for _, e := range edges {
			g.Col, g.Weight = append(g.Col, e.to), append(g.Weight, e.weight)
		}
		g.Start = append(g.Start, len(g.Col))
	}
	return g
}

// from returns g without the edges that lead from rows that are not wanted.
func from(g *umap.Graph, wanted []bool) *umap.Graph {
	out := &umap.Graph{Start: make([]int, 1, len(g.Start))}
	for i, w := range wanted {
		if lo, hi := g.Start[i], g.Start[i+1]; w {
			out.Col, out.Weight = append(out.Col, g.Col[lo:hi]...), append(out.Weight, g.Weight[lo:hi]...)
		}
		out.Start = append(out.Start, len(out.Col))
	}
	return out
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

// startFresh puts each fresh row where its sample was last, or will be next; a row whose sample is not on the map, among
// its neighbours; and one that has none there, in the middle.
func startFresh(src *source, y []float32, fresh []bool, g *umap.Graph, o Options) {
	dims := o.Dims
	at := func(row int32) []float32 { return y[int(row)*dims : (int(row)+1)*dims] }
	known := make([]bool, len(fresh))
	for _, rows := range src.appearances() {
		last := int32(-1)
		follow := func(row int32) {
			if !fresh[row] {
				last = row
			} else if last >= 0 && !known[row] {
				copy(at(row), at(last))
				known[row] = true
			}
		}
		for _, row := range rows {
			follow(row)
		}
		for _, row := range slices.Backward(rows) {
			follow(row)
		}
	}
	for i, is := range fresh {
		if !is || known[i] {
			continue
		}
		p := at(int32(i))
		clear(p)
		var sum float32
		for e := g.Start[i]; e < g.Start[i+1]; e++ {
			if j := g.Col[e]; !fresh[j] {
				for d, v := range at(j) {
					p[d] += g.Weight[e] * v
				}
				sum += g.Weight[e]
			}
		}
		for d := range p {
			p[d] /= max(sum, 1e-9)
		}
	}
	for i := range y {
		if fresh[i/dims] {
			y[i] += float32(2e-4 * (unitHash(o.Seed, uint64(i)) - 0.5)) // equal rows must not move as one
		}
	}
}
