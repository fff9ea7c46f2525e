package umap

import (
	"context"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// Data is what [FitData] maps: rows, and what is known about them already.
type Data struct {
	Rows []float32 // n×Dim, row-major; may be nil where Neighbors are given, but then the model cannot place others
	Dim  int       // columns of Rows

	Neighbors *space.KNN // found before, exactly or not, at least NNeighbors - 1 others per row; nil = to be found
	Start     []float32  // where the rows lie at first, n×Dims, instead of Options.Init and on their own scale, but for a noise of 1e-4; nil = by Options.Init
}

// Fit maps the rows of x (n×dim, row-major) to o.Dims dimensions. The model
// keeps x, for [Model.Transform], and it must not change.
func Fit(ctx context.Context, x []float32, dim int, o Options, progress space.Progress) (*Model, error) {
	return FitData(ctx, Data{Rows: x, Dim: dim}, o, progress)
}

// check returns the number of rows, or what is wrong with d.
func (d Data) check(o Options) (n int, err error) {
	if d.Rows == nil && d.Neighbors != nil {
		n = d.Neighbors.N
		if o.Init == "pca" && d.Start == nil {
			return 0, refuse("init = pca needs the rows, and neighbours alone were given: want spectral, random or given coordinates")
		}
		if o.prepares() {
			return 0, refuse("neighbours without rows leave nothing to prepare by scale and pca")
		}
	} else if n, err = space.Check(d.Rows, d.Dim); err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, refuse("no rows to map")
	}
	if k := d.Neighbors; k != nil {
		if err := k.Validate(); err != nil {
			return 0, err
		}
		if k.N != n {
			return 0, refuse("neighbours of %d rows were given for %d rows", k.N, n)
		}
		if want := min(o.NNeighbors, n) - 1; k.K < want {
			return 0, refuse("%d neighbours per row were given, want at least %d (n_neighbors - 1, as a row is not its own)", k.K, want)
		}
	}
	if d.Start != nil && len(d.Start) != n*o.Dims {
		return 0, refuse("%d start coordinates were given for %d rows of %d dimensions", len(d.Start), n, o.Dims)
	}
	return n, nil
}

// start returns where the rows lie before the first pass.
func (d Data) start(ctx context.Context, g *Graph, o Options) ([]float32, error) {
	if d.Start != nil {
		y := slices.Clone(d.Start)
		jitter(y, o.Seed)
		return y, nil
	}
	if d.Rows == nil && o.Init == "spectral" { // components need somewhere to lie
		d.Rows, d.Dim = spiral(g), 2
	}
	return Start(ctx, d.Rows, d.Dim, g, o)
}

// spiral gives every component of g a place of its own, evenly over a disc
// (Vogel 1979), for graphs of unknown rows.
func spiral(g *Graph) []float32 {
	x := make([]float32, 2*g.Rows())
	for c, rows := range g.Components() {
		sin, cos := math.Sincos(float64(c) * math.Pi * (3 - math.Sqrt(5)))
		r := math.Sqrt(float64(c))
		for _, i := range rows {
			x[2*i], x[2*i+1] = float32(r*cos), float32(r*sin)
		}
	}
	return x
}
