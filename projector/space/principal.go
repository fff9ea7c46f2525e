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
	p, err := PrincipalAxes(ctx, x, dim, dims, workers)
	if err != nil {
		return nil, err
	}
	scale := 1 / spread(x, dim, p.Mean)
	y := make([]float32, n*dims)
	err = vec.Chunks(ctx, n, workers, func(lo, hi int) {
		for k, v := range p.Axes {
			shift := eigen.Dot(p.Mean, v)
			for i := lo; i < hi && ctx.Err() == nil; i++ {
				y[i*dims+k] = float32((mixedDot(x[i*dim:(i+1)*dim], v) - shift) * scale)
			}
		}
	})
	return y, err
}

// A Principal is the mean of rows and the directions of their largest variance.
type Principal struct {
	Mean []float64   // dim
	Axes [][]float64 // orthonormal, dim each, by falling variance; the largest entry of each is positive
	Rank int         // how many axes, from the first, have more variance than rounding leaves
}

// rankTol is the variance of an axis, relative to the first, that is taken for
// rounding: float32 rows in a plane leave about 1e-14.
const rankTol = 1e-10

// PrincipalAxes returns the first dims principal axes of the rows of x (n×dim),
// from products in float64. There are fewer where the rows have fewer than
// dims + 1 or dim is below dims, and none where all rows are equal. Workers are
// goroutines; 0 means GOMAXPROCS.
func PrincipalAxes(ctx context.Context, x []float32, dim, dims, workers int) (*Principal, error) {
	n := len(x) / dim
	mean := meanRow(x, dim)
	top := spread(x, dim, mean)
	want := min(dims, dim, n-1)
	if top == 0 || want < 1 {
		return &Principal{Mean: mean}, nil
	}
	scale := 1 / top                              // so that no square overflows
	parts := make([]float64, vec.ChunksOf(n)*dim) // per chunk
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
	axes, variances, _, err := p.Largest(ctx) // nearly converged components serve as well
	if err != nil {
		return nil, err
	}
	for _, v := range axes {
		if eigen.Sign(v) < 0 {
			for j := range v {
				v[j] = -v[j]
			}
		}
	}
	rank := 0
	for rank < len(axes) && variances[rank] > rankTol*variances[0] {
		rank++
	}
	return &Principal{Mean: mean, Axes: axes, Rank: rank}, nil
}

// Place returns the coordinates of the rows of x along the first dims axes,
// n×dims: 0 along those without variance.
func (p *Principal) Place(x []float32, dims int) []float32 {
	dim := len(p.Mean)
	y := make([]float32, len(x)/dim*dims)
	for i := range len(x) / dim {
		row := x[i*dim : (i+1)*dim]
		for a, axis := range p.Axes[:min(dims, p.Rank)] {
			var sum float64
			for c, v := range row {
				sum += (float64(v) - p.Mean[c]) * axis[c]
			}
			y[i*dims+a] = float32(sum)
		}
	}
	return y
}

// meanRow is the mean of the rows of x, exact in columns that do not vary: the
// rounding of a sum would be taken for their variance.
func meanRow(x []float32, dim int) []float64 {
	n := float64(len(x) / dim)
	mean, varies := make([]float64, dim), make([]bool, dim)
	for i, v := range x {
		mean[i%dim] += float64(v) / n
		varies[i%dim] = varies[i%dim] || v != x[i%dim]
	}
	for j, v := range x[:min(dim, len(x))] {
		if !varies[j] {
			mean[j] = float64(v)
		}
	}
	return mean
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
