package measure

import (
	"cmp"
	"math"
	"slices"
)

// Spearman returns the rank correlation of a and b, ties taking their mean rank (Spearman 1904). ok is false when
// it is not defined: fewer than two pairs, or one side constant. It panics when the lengths differ.
func Spearman(a, b []float64) (r float64, ok bool) {
	if len(a) != len(b) {
		panic("measure: Spearman of slices of different length")
	}
	return pearson(ranks(a), ranks(b))
}

// ranks returns each value's rank from 1, ties sharing the mean of theirs.
func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(v[i], v[j]) })
	out := make([]float64, len(v))
	for lo := 0; lo < len(order); {
		hi := lo + 1
		for hi < len(order) && v[order[hi]] == v[order[lo]] {
			hi++
		}
		for _, i := range order[lo:hi] {
			out[i] = float64(lo+1+hi) / 2
		}
		lo = hi
	}
	return out
}

func pearson(a, b []float64) (float64, bool) {
	ma, mb := mean(a), mean(b)
	var ab, aa, bb float64
	for i := range a {
		x, y := a[i]-ma, b[i]-mb
		ab += x * y
		aa += x * x
		bb += y * y
	}
	if aa == 0 || bb == 0 {
		return 0, false
	}
	return max(-1, min(1, ab/math.Sqrt(aa*bb))), true
}

func mean(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// median returns the middle value, or the mean of the two middle ones, and sorts v on the way.
func median(v []float64) float64 {
	slices.Sort(v)
	h := len(v) / 2
	if len(v)%2 == 1 {
		return v[h]
	}
	return (v[h-1] + v[h]) / 2
}
