package umap

import (
	"context"
	"math"
)

// Spectral returns the Laplacian eigenmap of g, n×dims: the eigenvectors of
// the normalised Laplacian I - D^(-1/2)·W·D^(-1/2) with the smallest
// eigenvalues but the first, each of largest magnitude 1 over all of them. x
// (n×dim) are the rows that the graph is of: the components of a graph that is
// not connected are laid out one by one and placed as their means lie, and
// where the eigenvectors cannot be had, principal components take their place.
func Spectral(ctx context.Context, g *Graph, x []float32, dim, dims int, seed uint64, workers int) ([]float32, error) {
	parts := g.Components()
	if len(parts) == 1 {
		return eigenmap(ctx, g, x, dim, dims, seed, workers)
	}
	means := make([]float32, 0, len(parts)*dim)
	for _, rows := range parts {
		means = append(means, mean(x, dim, rows)...)
	}
	place, err := arrange(ctx, means, dim, dims, seed, workers)
	if err != nil {
		return nil, err
	}
	room := spacing(place, dims)
	y := make([]float32, g.Rows()*dims)
	for c, rows := range parts {
		var part []float32
		if len(rows) < 2*dims || len(rows) <= dims+1 {
			part = make([]float32, len(rows)*dims)
			for i := range part {
				part[i] = float32(2*unit(draw(seed, uint64(c), uint64(i))) - 1)
			}
		} else if part, err = eigenmap(ctx, g.induce(rows), pick(x, dim, rows), dim, dims, seed, workers); err != nil {
			return nil, err
		}
		for k, i := range rows {
			for d := range dims {
				y[int(i)*dims+d] = place[c*dims+d] + float32(room[c]*part[k*dims+d])
			}
		}
	}
	normalize(y, 1)
	return y, ctx.Err()
}

// eigenmap lays out a connected graph.
func eigenmap(ctx context.Context, g *Graph, x []float32, dim, dims int, seed uint64, workers int) ([]float32, error) {
	n := g.Rows()
	if n <= dims+1 {
		y, err := PCA(ctx, x, dim, dims, seed, workers)
		normalize(y, 1)
		return y, err
	}
	root := make([]float64, n) // D^(1/2)
	total := 0.0
	for i := range root {
		for _, w := range g.Weight[g.Start[i]:g.Start[i+1]] {
			root[i] += float64(w)
		}
		total += root[i]
		root[i] = math.Sqrt(root[i])
	}
	first := make([]float64, n) // the eigenvector of eigenvalue 0
	for i, r := range root {
		first[i] = r / math.Sqrt(total)
	}
	m := make([]float32, len(g.Weight)) // D^(-1/2)·W·D^(-1/2)
	for i := range n {
		for e := g.Start[i]; e < g.Start[i+1]; e++ {
			m[e] = float32(float64(g.Weight[e]) / (root[i] * root[g.Col[e]]))
		}
	}
	p := &eigenProblem{n: n, known: [][]float64{first}, want: dims, basis: dims + 24, tol: 1e-4, rounds: 60, seed: seed, workers: workers}
	p.apply = func(dst, src []float64) {
		chunks(ctx, n, workers, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				sum := 0.0
				for e := g.Start[i]; e < g.Start[i+1]; e++ {
					sum += float64(float64(m[e]) * src[g.Col[e]])
				}
				dst[i] = sum
			}
		})
	}
	vectors, converged, err := p.solve(ctx)
	if err != nil {
		return nil, err
	}
	var y []float32
	if converged {
		y = make([]float32, n*dims)
		for k, v := range vectors {
			for i, c := range v {
				y[i*dims+k] = float32(c)
			}
		}
	} else if y, err = PCA(ctx, x, dim, dims, seed, workers); err != nil {
		return nil, err
	}
	normalize(y, 1)
	return y, nil
}

// arrange places the means of components (k×dim) on the map: along the axes
// where there are enough, else by principal components.
func arrange(ctx context.Context, means []float32, dim, dims int, seed uint64, workers int) ([]float32, error) {
	k := len(means) / dim
	if k > 2*dims {
		y, err := PCA(ctx, means, dim, dims, seed, workers)
		normalize(y, 1)
		return y, err
	}
	y := make([]float32, k*dims)
	half := (k + 1) / 2
	for c := range k {
		if c < half {
			y[c*dims+c] = 1
		} else {
			y[c*dims+c-half] = -1
		}
	}
	return y, nil
}

// spacing is half the distance from each place to the nearest other one, or a
// little where two coincide.
func spacing(place []float32, dims int) []float32 {
	k := len(place) / dims
	room := make([]float32, k)
	for a := range k {
		near := math.Inf(1)
		for b := range k {
			if sum := 0.0; a != b {
				for d := range dims {
					sum += math.Pow(float64(place[a*dims+d]-place[b*dims+d]), 2)
				}
				near = min(near, sum)
			}
		}
		room[a] = float32(max(math.Sqrt(near)/2, 1e-3))
	}
	return room
}

func mean(x []float32, dim int, rows []int32) []float32 {
	sum := make([]float64, dim)
	for _, i := range rows {
		for j, v := range x[int(i)*dim : (int(i)+1)*dim] {
			sum[j] += float64(v)
		}
	}
	out := make([]float32, dim)
	for j, v := range sum {
		out[j] = float32(v / float64(len(rows)))
	}
	return out
}

// normalize scales y so that its largest magnitude is top; zeros stay.
func normalize(y []float32, top float64) {
	largest := 0.0
	for _, v := range y {
		largest = max(largest, math.Abs(float64(v)))
	}
	if largest == 0 {
		return
	}
	f := top / largest
	for i, v := range y {
		y[i] = float32(float64(v) * f)
	}
}
