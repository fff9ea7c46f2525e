package umap

import (
	"context"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// Start returns where the rows of x (n×dim) with graph g lie before the first
// pass, n×o.Dims: by o.Init, scaled to a largest magnitude of 10, with a noise
// of 1e-4 that keeps equal rows from moving as one.
func Start(ctx context.Context, x []float32, dim int, g *Graph, o Options) (y []float32, err error) {
	n := g.Rows()
	switch o.Init {
	case "spectral":
		y, err = Spectral(ctx, g, x, dim, o.Dims, o.Seed, o.Workers)
	case "pca":
		var rows []float32
		rows, dim = space.Form(x, dim, o.Metric)
		y, err = space.PCA(ctx, rows, dim, o.Dims, o.Workers)
	default:
		y = make([]float32, n*o.Dims)
	}
	if err != nil {
		return nil, err
	}
	normalize(y, 10)
	flat := true // nothing to tell the rows apart by
	for _, v := range y {
		flat = flat && v == 0
	}
	if flat {
		for i := range y {
			y[i] = float32(20*random.Unit(random.Draw(o.Seed, 1, uint64(i))) - 10)
		}
	}
	jitter(y, o.Seed)
	return y, nil
}

// PCA is [space.PCA]. The seed that it takes, as [Spectral] does, has no part in
// it: components belong to the rows.
func PCA(ctx context.Context, x []float32, dim, dims int, _ uint64, workers int) ([]float32, error) {
	return space.PCA(ctx, x, dim, dims, workers)
}

// jitter keeps rows that lie on each other from moving as one.
func jitter(y []float32, seed uint64) {
	for i := range y {
		y[i] += float32(1e-4 * random.Normal(seed, 2, uint64(i)))
	}
}

// StartAmong returns where to begin placing the rows of g, whose columns are
// as in [Place]: each at the mean of its fixed neighbours' places, weighed by
// their edges, or else of such new neighbours as have a place already, or else
// amid the fixed points. The result has a row of dims coordinates for each row
// of g.
func StartAmong(g *Graph, fixed []float32, dims int) []float32 {
	n, m := len(fixed)/dims, g.Rows()
	places := append(slices.Clone(fixed), make([]float32, m*dims)...)
	placed := make([]bool, n+m)
	for j := range n {
		placed[j] = true
	}
	sum := make([]float64, dims)
	// mean sets the place of row i from its neighbours that have one.
	mean := func(i int) bool {
		clear(sum)
		total := 0.0
		for e := g.Start[i]; e < g.Start[i+1]; e++ {
			j, w := int(g.Col[e]), float64(g.Weight[e])
			if !placed[j] {
				continue
			}
			total += w
			for k := range sum {
				sum[k] += float64(w * float64(places[j*dims+k]))
			}
		}
		if total == 0 {
			return false
		}
		for k, s := range sum {
			places[(n+i)*dims+k] = float32(s / total)
		}
		return true
	}
	rest := make([]int, m)
	for i := range rest {
		rest[i] = i
	}
	for len(rest) > 0 {
		var now, later []int
		for _, i := range rest {
			if mean(i) {
				now = append(now, i)
			} else {
				later = append(later, i)
			}
		}
		for _, i := range now { // at the end of a round, so that order does not matter
			placed[n+i] = true
		}
		if rest = later; len(now) == 0 {
			break
		}
	}
	clear(sum)
	for j, v := range fixed {
		sum[j%dims] += float64(v) / float64(n)
	}
	for _, i := range rest {
		for k, s := range sum {
			places[(n+i)*dims+k] = float32(s)
		}
	}
	return places[n*dims:]
}
