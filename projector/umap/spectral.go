package umap

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/internal/eigen"
	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// errSpectral is returned where the eigenvectors of a graph cannot be had as
// exactly as a map needs them.
var errSpectral = errors.New("umap: the first eigenvectors of the neighbour graph could not be found: start from principal components instead (init pca)")

// Spectral returns the Laplacian eigenmap of g, n×dims: the eigenvectors of
// the normalised Laplacian I - D^(-1/2)·W·D^(-1/2) with the smallest
// eigenvalues but the first, each of largest magnitude 1 over all of them. x
// (n×dim) are the rows that the graph is of: the components of a graph that is
// not connected are laid out one by one and placed as their means lie. The seed
// places the rows of components that are too small to lay out, and nothing else.
func Spectral(ctx context.Context, g *Graph, x []float32, dim, dims int, seed uint64, workers int) ([]float32, error) {
	parts := g.Components()
	if len(parts) == 1 {
		return eigenmap(ctx, g, x, dim, dims, workers)
	}
	means := make([]float32, 0, len(parts)*dim)
	for _, rows := range parts {
		means = append(means, mean(x, dim, rows)...)
	}
	place, err := arrange(ctx, means, dim, dims, workers)
	if err != nil {
		return nil, err
	}
	room, err := spacing(ctx, place, dims, workers)
	if err != nil {
		return nil, err
	}
	y := make([]float32, g.Rows()*dims)
	for c, rows := range parts {
		var part []float32
		if len(rows) < 2*dims || len(rows) <= dims+1 {
			part = make([]float32, len(rows)*dims)
			for i := range part {
				part[i] = float32(2*random.Unit(random.Draw(seed, uint64(c), uint64(i))) - 1)
			}
		} else if part, err = eigenmap(ctx, g.induce(rows), pick(x, dim, rows), dim, dims, workers); err != nil {
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
func eigenmap(ctx context.Context, g *Graph, x []float32, dim, dims, workers int) ([]float32, error) {
	n := g.Rows()
	if n <= dims+1 {
		y, err := space.PCA(ctx, x, dim, dims, workers)
		normalize(y, 1)
		return y, err
	}
	p, err := newNormalized(ctx, g, workers)
	if err != nil {
		return nil, err
	}
	vectors, err := (&eigen.Davidson{
		Problem: eigen.Problem{N: n, Apply: p.multiply, Known: [][]float64{p.first}, Want: dims, Basis: dims + 12, Tol: 3e-3, Rounds: 300, Workers: workers},
		Inverse: p.invert,
	}).Smallest(ctx)
	if errors.Is(err, eigen.ErrTolerance) {
		return nil, errSpectral
	}
	if err != nil {
		return nil, err
	}
	y := make([]float32, n*dims)
	for k, v := range vectors {
		sign := eigen.Sign(v)
		for i, c := range v {
			y[i*dims+k] = float32(sign * c)
		}
	}
	normalize(y, 1)
	return y, nil
}

// A normalized is the normalised Laplacian of a connected graph,
// D^(-1/2)·(D − W)·D^(-1/2), as products with it and with its approximate
// inverse.
type normalized struct {
	levels  *multilevel
	root    []float64 // D^(1/2)
	first   []float64 // its eigenvector of eigenvalue 0
	scratch []float64
}

func newNormalized(ctx context.Context, g *Graph, workers int) (*normalized, error) {
	levels, err := newMultilevel(ctx, g, workers)
	if err != nil {
		return nil, err
	}
	n := g.Rows()
	p := &normalized{levels: levels, root: make([]float64, n), first: make([]float64, n), scratch: make([]float64, n)}
	total := 0.0
	for i, d := range levels.degree {
		total += d
		p.root[i] = math.Sqrt(d)
	}
	for i, r := range p.root {
		p.first[i] = r / math.Sqrt(total)
	}
	return p, nil
}

func (p *normalized) multiply(dst, src []float64) {
	for i, r := range p.root {
		p.scratch[i] = src[i] / r
	}
	p.levels.multiply(dst, p.scratch)
	for i, r := range p.root {
		dst[i] /= r
	}
}

func (p *normalized) invert(dst, src []float64) {
	for i, r := range p.root {
		p.scratch[i] = src[i] * r
	}
	p.levels.cycle(dst, p.scratch)
	for i, r := range p.root {
		dst[i] *= r
	}
}

// arrange places the means of components (k×dim) on the map: along the axes
// where there are enough, else by principal components.
func arrange(ctx context.Context, means []float32, dim, dims, workers int) ([]float32, error) {
	k := len(means) / dim
	if k > 2*dims {
		y, err := space.PCA(ctx, means, dim, dims, workers)
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
// little where two coincide. It looks from each along the first axis, which has
// the largest variance, until what follows is farther along it alone.
func spacing(ctx context.Context, place []float32, dims, workers int) ([]float32, error) {
	k := len(place) / dims
	order := make([]int32, k)
	for c := range order {
		order[c] = int32(c)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Compare(place[int(a)*dims], place[int(b)*dims])
	})
	sorted := pick(place, dims, order)
	room := make([]float32, k)
	err := vec.Chunks(ctx, k, workers, func(lo, hi int) {
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			near, own := math.Inf(1), sorted[i*dims:(i+1)*dims]
			farther := func(j int) bool { // than all that are near; else it counts
				sum := 0.0
				for d, v := range sorted[j*dims : (j+1)*dims] {
					sum += float64(v-own[d]) * float64(v-own[d])
					if sum >= near {
						return d == 0
					}
				}
				near = sum
				return false
			}
			for j := i + 1; j < k && !farther(j); j++ {
			}
			for j := i - 1; j >= 0 && !farther(j); j-- {
			}
			room[order[i]] = float32(max(math.Sqrt(near)/2, 1e-3))
		}
	})
	return room, err
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
