package umap

import (
	"context"
	"math"
)

// PCA returns the coordinates of the rows of x (n×dim) on their first dims
// principal components, n×dims. Components that the rows do not have (fewer
// rows or columns than dims, or no variance) are 0.
func PCA(ctx context.Context, x []float32, dim, dims int, seed uint64, workers int) ([]float32, error) {
	n, err := checkRows(x, dim)
	if err != nil {
		return nil, err
	}
	y := make([]float32, n*dims)
	mean := make([]float64, dim)
	top := 0.0
	for i, v := range x {
		mean[i%dim] += float64(v) / float64(n)
	}
	for i, v := range x {
		top = max(top, math.Abs(float64(v)-mean[i%dim]))
	}
	want := min(dims, dim, n-1)
	if top == 0 || want < 1 {
		return y, nil
	}
	scale := 1 / top // so that no square overflows
	// coordinates of a row: dst[i] = (x_i - mean)·v·scale
	along := func(dst, v []float64) error {
		shift := dot(mean, v)
		return chunks(ctx, n, workers, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				dst[i] = (mixedDot(x[i*dim:(i+1)*dim], v) - shift) * scale
			}
		})
	}
	t := make([]float64, n)
	parts := make([]float64, (n+chunk-1)/chunk*dim)
	p := &eigenProblem{n: dim, want: want, basis: want + 24, tol: 1e-4, rounds: 8, seed: seed, workers: 1}
	p.apply = func(dst, src []float64) { // dst = Σ_i (x_i - mean)·t_i·scale
		along(t, src)
		chunks(ctx, n, workers, func(lo, hi int) {
			part := parts[lo/chunk*dim:][:dim]
			clear(part)
			for i := lo; i < hi; i++ {
				f := t[i] * scale
				for j, v := range x[i*dim : (i+1)*dim] {
					part[j] += float64(f * (float64(v) - mean[j]))
				}
			}
		})
		clear(dst)
		for i, v := range parts {
			dst[i%dim] += v
		}
	}
	vectors, _, err := p.solve(ctx) // nearly converged components serve as well
	if err != nil {
		return nil, err
	}
	for k, v := range vectors {
		if err := along(t, v); err != nil {
			return nil, err
		}
		for i, c := range t {
			y[i*dims+k] = float32(c)
		}
	}
	return y, nil
}

func mixedDot(a []float32, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1 float64
	i := 0
	for ; i+2 <= len(a); i += 2 {
		s0 += float64(float64(a[i]) * b[i])
		s1 += float64(float64(a[i+1]) * b[i+1])
	}
	if i < len(a) {
		s0 += float64(float64(a[i]) * b[i])
	}
	return s0 + s1
}
