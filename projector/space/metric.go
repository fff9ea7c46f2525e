package space

import "math"

// Metrics lists the names of the metrics.
var Metrics = []string{"euclidean", "cosine", "correlation", "manhattan"}

// Euclidean returns rows whose Euclidean distance orders pairs as the metric
// does, and their number of columns. For the Euclidean metric these are x
// itself, and so they are for the Manhattan one, which has no such rows. For cosine they have unit length: |u-v|² = 2·(1 - cos), and a row of
// zeros becomes a direction of its own, at cosine distance 1 from all others
// and 0 from its like, as in umap-learn. Correlation is the cosine of rows
// less their own means.
func Euclidean(x []float32, dim int, metric string) ([]float32, int) {
	if metric == "euclidean" || metric == "manhattan" {
		return x, dim
	}
	n := len(x) / dim
	rows := make([]float32, n*(dim+1))
	for i := range n {
		in, out := x[i*dim:(i+1)*dim], rows[i*(dim+1):(i+1)*(dim+1)]
		mean := 0.0
		if metric == "correlation" {
			for _, v := range in {
				mean += float64(v) / float64(dim)
			}
		}
		sum, top := 0.0, 0.0
		for _, v := range in {
			d := float64(v) - mean
			sum += d * d
			top = max(top, math.Abs(float64(v)))
		}
		if norm := math.Sqrt(sum); norm > 1e-12*top { // else zero but for rounding
			for j, v := range in {
				out[j] = float32((float64(v) - mean) / norm)
			}
		} else {
			out[dim] = 1
		}
	}
	return rows, dim + 1
}

// toMetric turns distances between the rows of Euclidean into the metric's.
func toMetric(dist []float32, metric string) {
	if metric == "euclidean" || metric == "manhattan" {
		return
	}
	for i, d := range dist {
		dist[i] = d * d / 2
	}
}
