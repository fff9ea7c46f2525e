// Package procrustes lays one map onto another.
package procrustes

import "gonum.org/v1/gonum/mat"

// Turn turns, mirrors and shifts y (n×dims) onto the map before: the motion that leaves the least squared distance
// between the rows of the two that are not skipped (Schönemann, A generalized solution of the orthogonal Procrustes
// problem, Psychometrika 31, 1966). Distances within y stay as they are.
func Turn(y, before []float32, dims int, skip []bool) {
	from, to := centre(y, dims, skip), centre(before, dims, skip)
	if from == nil {
		return
	}
	cross := mat.NewDense(dims, dims, nil) // Σ (y−from)ᵀ(before−to)
	for i, s := range skip {
		if s {
			continue
		}
		for a := range dims {
			for b := range dims {
				v := (float64(y[i*dims+a]) - from[a]) * (float64(before[i*dims+b]) - to[b])
				cross.Set(a, b, cross.At(a, b)+v)
			}
		}
	}
	var svd mat.SVD
	if !svd.Factorize(cross, mat.SVDFull) {
		return
	}
	var u, v, turn mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	turn.Mul(&u, v.T())
	row := make([]float64, dims)
	for i := range skip {
		at := y[i*dims : (i+1)*dims]
		for a := range row {
			row[a] = float64(at[a]) - from[a]
		}
		for b := range at {
			sum := to[b]
			for a, x := range row {
				sum += x * turn.At(a, b)
			}
			at[b] = float32(sum)
		}
	}
}

// centre is the mean of the rows of y that are not skipped, nil if all are.
func centre(y []float32, dims int, skip []bool) []float64 {
	mean, n := make([]float64, dims), 0
	for i, s := range skip {
		if s {
			continue
		}
		for d := range mean {
			mean[d] += float64(y[i*dims+d])
		}
		n++
	}
	if n == 0 {
		return nil
	}
	for d := range mean {
		mean[d] /= float64(n)
	}
	return mean
}
