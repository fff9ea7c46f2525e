package projector

import (
	"context"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

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

// nearestEdges returns the edges from each wanted row of x to its nearest among all rows, with UMAP's weights.
// neighbours counts the row itself.
func nearestEdges(ctx context.Context, x []float32, dim int, wanted []bool, neighbours int, o Options) ([][]edge, error) {
	var rows []int
	for i, w := range wanted {
		if w {
			rows = append(rows, i)
		}
	}
	out := make([][]edge, len(wanted))
	k := min(neighbours, len(wanted)) - 1
	if k < 1 {
		return out, nil
	}
	index, err := space.NewIndex(x, dim, o.Metric, o.Workers)
	if err != nil {
		return nil, err
	}
	knn, err := index.Others(ctx, rows, k, o.Workers, nil)
	if err != nil {
		return nil, err
	}
	v, err := umap.Memberships(ctx, knn, min(o.LocalConnectivity, float64(k)), o.Workers)
	if err != nil {
		return nil, err
	}
	for r, i := range rows {
		for j := r * k; j < (r+1)*k; j++ {
			out[i] = append(out[i], edge{knn.Index[j], v[j]})
		}
	}
	return out, nil
}
