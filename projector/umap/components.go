package umap

import "slices"

// Components returns the connected components of an undirected graph, as
// ascending rows, ordered by their first row.
func (g *Graph) Components() [][]int32 {
	n := g.Rows()
	seen := make([]bool, n)
	var all [][]int32
	for s := range n {
		if seen[s] {
			continue
		}
		seen[s] = true
		rows := []int32{int32(s)}
		for head := 0; head < len(rows); head++ {
			i := rows[head]
			for _, j := range g.Col[g.Start[i]:g.Start[i+1]] {
				if !seen[j] {
					seen[j] = true
					rows = append(rows, j)
				}
			}
		}
		slices.Sort(rows)
		all = append(all, rows)
	}
	return all
}

// induce returns the part of g among rows, which must be a component.
func (g *Graph) induce(rows []int32) *Graph {
	if len(rows) == g.Rows() {
		return g
	}
	place := make(map[int32]int32, len(rows))
	for k, i := range rows {
		place[i] = int32(k)
	}
	p := &Graph{Start: make([]int, len(rows)+1)}
	for k, i := range rows {
		for e := g.Start[i]; e < g.Start[i+1]; e++ {
			p.Col = append(p.Col, place[g.Col[e]])
			p.Weight = append(p.Weight, g.Weight[e])
		}
		p.Start[k+1] = len(p.Col)
	}
	return p
}

// pick returns the given rows of x (n×dim).
func pick(x []float32, dim int, rows []int32) []float32 {
	out := make([]float32, 0, len(rows)*dim)
	for _, i := range rows {
		out = append(out, x[int(i)*dim:(int(i)+1)*dim]...)
	}
	return out
}
