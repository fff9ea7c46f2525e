// Package brute measures pair by pair in float64, from the definitions: what
// tests hold every faster search against.
package brute

import (
	"cmp"
	"math"
	"slices"
)

// Distances are the metrics by their names. A row without a direction (zeros
// by cosine, equal values by correlation) is at distance 1 from all others and
// 0 from its like.
var Distances = map[string]func(a, b []float32) float64{
	"euclidean": Euclidean, "manhattan": Manhattan, "cosine": Cosine, "correlation": Correlation,
}

// Euclidean is √Σ(a - b)².
func Euclidean(a, b []float32) float64 { return math.Sqrt(Squared(a, b)) }

// Squared is Σ(a - b)².
func Squared(a, b []float32) float64 {
	return sumOf(a, b, func(d float64) float64 { return d * d })
}

// Manhattan is Σ|a - b|.
func Manhattan(a, b []float32) float64 { return sumOf(a, b, math.Abs) }

func sumOf(a, b []float32, f func(float64) float64) (sum float64) {
	for k := range a {
		sum += f(float64(a[k]) - float64(b[k]))
	}
	return sum
}

// Cosine is 1 - cos of the angle between a and b, as half the square of the
// distance of their directions, which keeps the digits of small angles.
func Cosine(a, b []float32) float64 { return angle(wide(a), wide(b)) }

// Correlation is the cosine of a and b less their own means.
func Correlation(a, b []float32) float64 { return angle(centred(a), centred(b)) }

func wide(a []float32) []float64 {
	out := make([]float64, len(a))
	for i, v := range a {
		out[i] = float64(v)
	}
	return out
}

func centred(a []float32) []float64 {
	if slices.Max(a) == slices.Min(a) {
		return make([]float64, len(a))
	}
	out, mean := wide(a), 0.0
	for _, v := range out {
		mean += v
	}
	mean /= float64(len(a))
	for i := range out {
		out[i] -= mean
	}
	return out
}

func angle(a, b []float64) float64 {
	length := func(v []float64) (sum float64) {
		for _, x := range v {
			sum += x * x
		}
		return math.Sqrt(sum)
	}
	la, lb := length(a), length(b)
	if la == 0 || lb == 0 {
		if la == lb {
			return 0
		}
		return 1
	}
	sum := 0.0
	for k := range a {
		d := a[k]/la - b[k]/lb
		sum += d * d
	}
	return sum / 2
}

// Nearest lists the k rows of x nearest to q, equal ones by number, leaving
// out skip.
func Nearest(q, x []float32, skip, k int, measure func(a, b []float32) float64) (rows []int32, dist []float64) {
	type row struct {
		i int32
		d float64
	}
	var all []row
	for i := range len(x) / len(q) {
		if i != skip {
			all = append(all, row{int32(i), measure(q, x[i*len(q):(i+1)*len(q)])})
		}
	}
	slices.SortFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.d, b.d), cmp.Compare(a.i, b.i))
	})
	for _, r := range all[:min(k, len(all))] {
		rows, dist = append(rows, r.i), append(dist, r.d)
	}
	return rows, dist
}
