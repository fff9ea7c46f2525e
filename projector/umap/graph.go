package umap

import (
	"cmp"
	"context"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// A Graph is a weighted graph over rows, as compressed sparse rows: the
// edges of row i are Col[Start[i]:Start[i+1]], ascending, with their Weight.
type Graph struct {
	Start  []int // len = rows + 1
	Col    []int32
	Weight []float32
}

// Rows is the number of rows.
func (g *Graph) Rows() int { return len(g.Start) - 1 }

// Validate reports what is wrong with a graph from elsewhere: rows want their
// edges in ascending order and within range, with finite weights of 0 or more.
func (g *Graph) Validate() error { return g.check(g.Rows()) }

// check is Validate for a graph of cols columns.
func (g *Graph) check(cols int) error {
	if len(g.Start) == 0 || g.Start[0] != 0 || g.Start[g.Rows()] != len(g.Col) || len(g.Col) != len(g.Weight) {
		return refuse("a graph of %d starts, %d columns and %d weights", len(g.Start), len(g.Col), len(g.Weight))
	}
	for i := range g.Rows() {
		if g.Start[i] > g.Start[i+1] || g.Start[i+1] > len(g.Col) {
			return refuse("edges of row %d are %d to %d of %d", i, g.Start[i], g.Start[i+1], len(g.Col))
		}
		last := int32(-1)
		for e := g.Start[i]; e < g.Start[i+1]; e++ {
			j, w := g.Col[e], g.Weight[e]
			switch {
			case j <= last:
				return refuse("row %d has an edge to row %d after one to row %d, want them ascending", i, j, last)
			case int(j) >= cols:
				return refuse("row %d has an edge to row %d, want 0 to %d", i, j, cols-1)
			case !(w >= 0) || w-w != 0:
				return refuse("edge from row %d to row %d has weight %v, want a finite one of 0 or more", i, j, w)
			}
			last = j
		}
	}
	return nil
}

// FuzzyUnion makes one undirected graph of the directed edges of knn with
// strengths v: where the two directions have strengths a and b, the edge gets
//
//	mix·(a + b - a·b) + (1 - mix)·a·b
//
// Both directions of every edge are in the result, with equal weight. Edges of
// weight 0 are left out.
func FuzzyUnion(ctx context.Context, knn *space.KNN, v []float32, mix float64, workers int) (*Graph, error) {
	forward, err := sortedRows(ctx, knn, v, workers)
	if err != nil {
		return nil, err
	}
	return merge(ctx, forward, forward.transpose(), workers, func(a, b float32) float32 {
		ab := float32(a * b)
		return float32(float32(mix)*(float32(a+b)-ab)) + float32(float32(1-mix)*ab)
	})
}

// Unite joins two graphs over the same rows: weights a and b of an edge
// become a + b - a·b.
func Unite(ctx context.Context, g, h *Graph, workers int) (*Graph, error) {
	if g.Rows() != h.Rows() {
		return nil, refuse("graphs of %d and %d rows cannot be united", g.Rows(), h.Rows())
	}
	return merge(ctx, g, h, workers, func(a, b float32) float32 { return float32(a+b) - float32(a*b) })
}

// sortedRows is knn as a graph.
func sortedRows(ctx context.Context, knn *space.KNN, v []float32, workers int) (*Graph, error) {
	g := &Graph{Start: make([]int, knn.N+1), Col: make([]int32, len(v)), Weight: make([]float32, len(v))}
	for i := range g.Start {
		g.Start[i] = i * knn.K
	}
	type edge struct {
		col    int32
		weight float32
	}
	err := vec.Chunks(ctx, knn.N, workers, func(lo, hi int) {
		row := make([]edge, knn.K)
		for i := lo; i < hi; i++ {
			at := i * knn.K
			for j := range row {
				row[j] = edge{knn.Index[at+j], v[at+j]}
			}
			slices.SortFunc(row, func(a, b edge) int { return cmp.Compare(a.col, b.col) })
			for j, e := range row {
				g.Col[at+j], g.Weight[at+j] = e.col, e.weight
			}
		}
	})
	return g, err
}

// transpose swaps rows and columns; rows stay sorted.
func (g *Graph) transpose() *Graph {
	n := g.Rows()
	t := &Graph{Start: make([]int, n+1), Col: make([]int32, len(g.Col)), Weight: make([]float32, len(g.Col))}
	for _, j := range g.Col {
		t.Start[j+1]++
	}
	for i := range n {
		t.Start[i+1] += t.Start[i]
	}
	next := slices.Clone(t.Start)
	for i := range n {
		for e := g.Start[i]; e < g.Start[i+1]; e++ {
			at := next[g.Col[e]]
			next[g.Col[e]]++
			t.Col[at], t.Weight[at] = int32(i), g.Weight[e]
		}
	}
	return t
}

// merge joins two graphs edge by edge; an edge that one lacks has weight 0
// there. Edges that join gives no weight are left out.
func merge(ctx context.Context, g, h *Graph, workers int, join func(a, b float32) float32) (*Graph, error) {
	n := g.Rows()
	m := &Graph{Start: make([]int, n+1)}
	// Rows are merged where they would lie if none shared an edge, then closed up.
	col, weight := make([]int32, len(g.Col)+len(h.Col)), make([]float32, len(g.Col)+len(h.Col))
	err := vec.Chunks(ctx, n, workers, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			at := g.Start[i] + h.Start[i]
			first := at
			a, aEnd, b, bEnd := g.Start[i], g.Start[i+1], h.Start[i], h.Start[i+1]
			for a < aEnd || b < bEnd {
				var j int32
				var wa, wb float32
				if b == bEnd || a < aEnd && g.Col[a] <= h.Col[b] {
					j, wa = g.Col[a], g.Weight[a]
				} else {
					j = h.Col[b]
				}
				if b < bEnd && h.Col[b] == j {
					wb = h.Weight[b]
					b++
				}
				if a < aEnd && g.Col[a] == j {
					a++
				}
				if w := join(wa, wb); w > 0 {
					col[at], weight[at] = j, w
					at++
				}
			}
			m.Start[i+1] = at - first
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range n {
		from := g.Start[i] + h.Start[i]
		copy(col[m.Start[i]:], col[from:from+m.Start[i+1]])
		copy(weight[m.Start[i]:], weight[from:from+m.Start[i+1]])
		m.Start[i+1] += m.Start[i]
	}
	m.Col, m.Weight = col[:m.Start[n]:m.Start[n]], weight[:m.Start[n]:m.Start[n]]
	return m, nil
}

// Prune returns g without the edges that are too weak to be sampled once in
// passes over the graph: those below the largest weight / passes.
func (g *Graph) Prune(passes int) *Graph {
	limit := float32(0)
	for _, w := range g.Weight {
		limit = max(limit, w)
	}
	limit /= float32(passes)
	p := &Graph{Start: make([]int, len(g.Start))}
	for i := range g.Rows() {
		for e := g.Start[i]; e < g.Start[i+1]; e++ {
			if g.Weight[e] >= limit {
				p.Col = append(p.Col, g.Col[e])
				p.Weight = append(p.Weight, g.Weight[e])
			}
		}
		p.Start[i+1] = len(p.Col)
	}
	return p
}
