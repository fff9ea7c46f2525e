package umap

import "context"

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
		rows, dim = euclidean(x, dim, o.Metric)
		y, err = PCA(ctx, rows, dim, o.Dims, o.Seed, o.Workers)
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
			y[i] = float32(20*unit(draw(o.Seed, 1, uint64(i))) - 10)
		}
	}
	jitter(y, o.Seed)
	return y, nil
}

// jitter keeps rows that lie on each other from moving as one.
func jitter(y []float32, seed uint64) {
	for i := range y {
		y[i] += float32(1e-4 * normal(seed, 2, uint64(i)))
	}
}
