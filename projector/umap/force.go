package umap

import (
	"math"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// The layout descends UMAP's cross entropy. With d the distance of two points
// on the map, the gradient of an edge and of a negative sample is their
// difference times
//
//	attraction = -2ab·d^(2b-2) / (1 + a·d^2b)
//	repulsion  = 2γb / ((0.001 + d²)(1 + a·d^2b))
//
// or times what makes it 4 long, if that is less: one interaction must not
// throw a point off the map. (umap-learn bounds each coordinate by 4, which
// favours the diagonals.)
//
// An edge between i and j is in the graph in both directions, and each
// direction pulls at both its ends. The layout gathers for each point what
// concerns it, so there a due edge pulls twice.
const bothWays = 2

// forces tabulates both.
func forces(a, b, strength float64) *[2]vec.Curve {
	return &[2]vec.Curve{
		*bounded(bothWays, func(d2 float64) float64 {
			return -2 * a * b * math.Pow(d2, b-1) / (1 + a*math.Pow(d2, b))
		}),
		*bounded(1, func(d2 float64) float64 {
			return 2 * strength * b / ((0.001 + d2) * (1 + a*math.Pow(d2, b)))
		}),
	}
}

// bounded tabulates times·f, f bounded as said.
func bounded(times float64, f func(d2 float64) float64) *vec.Curve {
	return vec.NewCurve(func(d2 float64) float64 {
		limit := 4 / math.Sqrt(d2)
		return times * max(-limit, min(f(d2), limit))
	})
}
