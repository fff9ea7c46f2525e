package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestControls: what is recorded of the recipe's last epoch moves as it is said to.
func TestControls(t *testing.T) {
	const n, dim, epochs = 60, 6, 5
	r := rand.New(rand.NewPCG(1, 1))
	last := normals(r, n*dim)
	moved := func(f func(*motion)) [][]float32 {
		m := &motion{last: last, dim: dim, centre: meanRow(last, dim), near: 2, epochs: epochs}
		f(m)
		var x [][]float32
		for _, frame := range m.moved {
			x = append(x, frame.Vectors)
		}
		return x
	}
	length := func(a, b []float32) float64 {
		var sq float64
		for i := range a {
			sq += math.Pow(float64(a[i])-float64(b[i]), 2)
		}
		return math.Sqrt(sq)
	}
	row := func(x []float32, i int) []float32 { return x[i*dim : (i+1)*dim] }
	pairs := func(x []float32) (d []float64) {
		for i := range n {
			d = append(d, length(row(x, i), row(x, (i+7)%n)))
		}
		return d
	}
	near := func(name string, got, want []float64, tolerance float64) {
		t.Helper()
		for i := range got {
			if math.Abs(got[i]-want[i]) > tolerance {
				t.Fatalf("%s: %v, want %v", name, got[i], want[i])
			}
		}
	}
	for _, x := range moved((*motion).still) {
		if !slices.Equal(x, last) {
			t.Error("what is frozen moves")
		}
	}
	turned := moved((*motion).turn)
	for e, x := range turned {
		near("rotated, distances", pairs(x), pairs(last), 1e-5)
		near("rotated, mean", meanRow(x, dim), meanRow(last, dim), 1e-5)
		if e > 0 {
			first, again := length(row(turned[0], 3), row(turned[1], 3)), length(row(turned[e-1], 3), row(x, 3))
			near("rotated, steps", []float64{again}, []float64{first}, 1e-5)
		}
	}
	for e, x := range moved((*motion).grow) {
		want := pairs(last)
		for i := range want {
			want[i] *= 0.2 + 0.2*float64(e)
		}
		near("grown, distances", pairs(x), want, 1e-5)
	}
	var sum float64
	for _, x := range moved((*motion).noise) {
		for i := range n {
			sum += length(row(x, i), row(last, i)) / (n * epochs)
		}
	}
	near("mean length of noise", []float64{sum}, []float64{0.02}, 0.002)
}
