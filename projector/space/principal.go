package space

import (
	"context"
	"math"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/internal/eigen"
)

// PCA returns the coordinates of the rows of x (n×dim) on their first dims
// principal components, n×dims. Components that the rows do not have (fewer
// rows or columns than dims, or no variance) are 0. All are divided by the
// largest deviation from the mean in any column, so that none overflows.
func PCA(ctx context.Context, x []float32, dim, dims, workers int) ([]float32, error) {
	n, err := Check(x, dim)
	if err != nil {
		return nil, err
	}
	mean, axes, err := PrincipalAxes(ctx, x, dim, dims, workers)
	if err != nil {
		return nil, err
	}
	scale := 1 / spread(x, dim, mean)
	y := make([]float32, n*dims)
	err = vec.Chunks(ctx, n, workers, func(lo, hi int) {
		for k, v := range axes {
			shift := eigen.Dot(mean, v)
			for i := lo; i < hi && ctx.Err() == nil; i++ {
				y[i*dims+k] = float32((mixedDot(x[i*dim:(i+1)*dim], v) - shift) * scale)
			}
		}
	})
	return y, err
}

// PrincipalAxes returns the mean of the rows of x and the directions of their
// largest variance, at most dims, of length 1. The largest entry of each is
// positive.
func PrincipalAxes(ctx context.Context, x []float32, dim, dims, workers int) (mean []float64, axes [][]float64, err error) {
	n := len(x) / dim
	mean = make([]float64, dim)
	for i, v := range x {
		mean[i%dim] += float64(v) / float64(n)
	}
	top := spread(x, dim, mean)
	want := min(dims, dim, n-1)
	if top == 0 || want < 1 {
		return mean, nil, nil
	}
	scale := 1 / top                                        // so that no square overflows
	parts := make([]float64, (n+vec.Chunk-1)/vec.Chunk*dim) // per chunk
	p := &eigen.Problem{N: dim, Want: want, Basis: want + 24, Tol: 1e-4, Rounds: 8, Workers: 1}
	p.Apply = func(dst, src []float64) { // dst = Σ_i (x_i - mean)·((x_i - mean)·src)·scale²
		shift := eigen.Dot(mean, src)
		vec.Chunks(ctx, n, workers, func(lo, hi int) {
			part := parts[lo/vec.Chunk*dim:][:dim]
			clear(part)
			for i := lo; i < hi; i++ {
				row := x[i*dim : (i+1)*dim]
				f := (mixedDot(row, src) - shift) * scale * scale
				for j, v := range row {
					part[j] += float64(f * (float64(v) - mean[j]))
				}
			}
		})
		clear(dst)
		for i, v := range parts {
			dst[i%dim] += v
		}
	}
	axes, _, _, err = p.Largest(ctx) // nearly converged components serve as well
	for _, v := range axes {
		if eigen.Sign(v) < 0 {
			for j := range v {
				v[j] = -v[j]
			}
		}
	}
	return mean, axes, err
}

// spread is the largest deviation from mean in any column.
func spread(x []float32, dim int, mean []float64) (top float64) {
	for i, v := range x {
		top = max(top, math.Abs(float64(v)-mean[i%dim]))
	}
	return top
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
