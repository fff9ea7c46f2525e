package projector

import "math"

// distances are the metrics of the original space, taken one pair at a time in float64.
var distances = map[string]func(a, b []float32) float64{
	"euclidean":   euclidean,
	"cosine":      func(a, b []float32) float64 { return cosine(a, b, 0, 0) },
	"correlation": func(a, b []float32) float64 { return cosine(a, b, meanOf(a), meanOf(b)) },
	"manhattan":   manhattan,
}

func euclidean(a, b []float32) float64 {
	var sum float64
	for i, v := range a {
		d := float64(v) - float64(b[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}

func manhattan(a, b []float32) float64 {
	var sum float64
	for i, v := range a {
		sum += math.Abs(float64(v) - float64(b[i]))
	}
	return sum
}

// cosine is 1 − the cosine of a−ma and b−mb: 0 for two zero vectors and 1 for one, as umap-learn has it.
func cosine(a, b []float32, ma, mb float64) float64 {
	var ab, aa, bb float64
	for i, v := range a {
		x, y := float64(v)-ma, float64(b[i])-mb
		ab += x * y
		aa += x * x
		bb += y * y
	}
	switch {
	case aa == 0 && bb == 0:
		return 0
	case aa == 0 || bb == 0:
		return 1
	}
	return max(0, 1-ab/math.Sqrt(aa)/math.Sqrt(bb))
}

func meanOf(v []float32) float64 {
	var sum float64
	for _, x := range v {
		sum += float64(x)
	}
	return sum / float64(len(v))
}

// euclideanRows returns rows whose Euclidean distances are in the order of the metric's: for cosine of unit length, for
// correlation less their own mean first. For manhattan there are none, and the rows stay as they are.
func euclideanRows(x []float32, dim int, metric string) []float32 {
	if metric == "euclidean" || metric == "manhattan" {
		return x
	}
	out := make([]float32, len(x))
	for lo := 0; lo < len(x); lo += dim {
		row, mean := x[lo:lo+dim], 0.0
		if metric == "correlation" {
			mean = meanOf(row)
		}
		var sq float64
		for _, v := range row {
			sq += (float64(v) - mean) * (float64(v) - mean)
		}
		if sq == 0 {
			continue
		}
		for j, v := range row {
			out[lo+j] = float32((float64(v) - mean) / math.Sqrt(sq))
		}
	}
	return out
}

// toMetric turns the distances of rows from euclideanRows into those of the metric: between unit vectors,
// |a−b|² = 2 − 2·cos.
func toMetric(dist []float32, metric string) {
	if metric == "euclidean" {
		return
	}
	for i, d := range dist {
		dist[i] = d * d / 2
	}
}
