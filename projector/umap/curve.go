package umap

import "math"

// FitCurve returns the a and b for which 1 / (1 + a·x^(2b)), the membership of
// two points at distance x on the map, is nearest in least squares to
//
//	1                          x < minDist
//	exp(-(x-minDist)/spread)   x ≥ minDist
//
// at 300 points of [0, 3·spread], as umap-learn's find_ab_params does.
// Levenberg-Marquardt from a = b = 1; with u = x^(2b) and f = 1/(1+a·u),
// ∂f/∂a = -u·f² and ∂f/∂b = -2·a·u·ln(x)·f².
func FitCurve(minDist, spread float64) (a, b float64) {
	const points = 300
	var xs, ys [points]float64
	for i := range xs {
		// Fitted for spread 1 and scaled back: a·(x/s)^(2b) = a·s^(-2b)·x^(2b).
		xs[i] = 3 * float64(i) / (points - 1)
		ys[i] = 1
		if d := xs[i] - minDist/spread; d >= 0 {
			ys[i] = math.Exp(-d)
		}
	}
	loss := func(a, b float64) (sum float64) {
		for i, x := range xs {
			r := 1/(1+a*math.Pow(x, 2*b)) - ys[i]
			sum += r * r
		}
		return sum
	}
	a, b = 1, 1
	best, damp := loss(a, b), 1e-3
	for range 200 {
		var aa, ab, bb, ra, rb float64 // normal equations
		for i, x := range xs[1:] {     // at x = 0 both derivatives vanish
			u := math.Pow(x, 2*b)
			f := 1 / (1 + a*u)
			da, db := -u*f*f, -2*a*u*math.Log(x)*f*f
			r := f - ys[i+1]
			aa, ab, bb = aa+da*da, ab+da*db, bb+db*db
			ra, rb = ra+da*r, rb+db*r
		}
		p, q := aa*(1+damp), bb*(1+damp)
		det := p*q - ab*ab
		na, nb := a-(q*ra-ab*rb)/det, b-(p*rb-ab*ra)/det
		l := math.Inf(1)
		if na > 0 && nb > 0 {
			l = loss(na, nb)
		}
		if !(l < best) {
			if damp *= 10; damp > 1e12 {
				break
			}
			continue
		}
		done := best-l < 1e-15*best
		a, b, best, damp = na, nb, l, damp/10
		if done {
			break
		}
	}
	return a * math.Pow(spread, -2*b), b
}
