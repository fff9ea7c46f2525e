package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A motion moves the vectors of one epoch in a way that is known, from epoch to epoch.
type motion struct {
	last   []float32 // n×dim, what everything is made from
	dim    int
	centre []float64 // dim, their mean
	near   float64   // median distance to the nearest row
	epochs int
	moved  []tracker.Frame
}

// control returns what records the recipe's last epoch, moved by f.
func control(f func(*motion)) func(context.Context, *recorder, *tracker.Store, string) error {
	return func(ctx context.Context, r *recorder, s *tracker.Store, name string) error {
		samples, frames, err := r.recorded(ctx, "recipe")
		if err != nil {
			return err
		}
		last := frames[len(frames)-1]
		near, err := medianNearest(ctx, last.Vectors, last.Dim)
		if err != nil {
			return err
		}
		m := &motion{last: last.Vectors, dim: last.Dim, centre: meanRow(last.Vectors, last.Dim), near: near, epochs: r.epochs}
		f(m)
		return r.log(ctx, s, name, samples, m.moved)
	}
}

// medianNearest is the median distance of a row to the nearest other.
func medianNearest(ctx context.Context, x []float32, dim int) (float64, error) {
	knn, err := space.Neighbors(ctx, x, dim, space.NeighborOptions{NNeighbors: 2, Metric: "euclidean"}, nil)
	if err != nil {
		return 0, err
	}
	d := make(sample, len(knn.Dist))
	for i, v := range knn.Dist {
		d[i] = float64(v)
	}
	return d.median(), nil
}

func meanRow(x []float32, dim int) []float64 {
	mean := make([]float64, dim)
	for i, v := range x {
		mean[i%dim] += float64(v) / float64(len(x)/dim)
	}
	return mean
}

// each makes the epochs: f moves x, which begins as the last epoch, to where it is at epoch e, from 0.
func (m *motion) each(f func(e int, x []float32)) {
	for e := range m.epochs {
		x := slices.Clone(m.last)
		f(e, x)
		m.moved = append(m.moved, tracker.Frame{Dim: m.dim, Vectors: x})
	}
}

func (m *motion) still() { m.each(func(int, []float32) {}) }

// noise adds to each sample normal noise whose expected length is about 1 % of the median distance to the nearest sample.
func (m *motion) noise() {
	r := rand.New(rand.NewPCG(42, 3))
	sd := 0.01 * m.near / math.Sqrt(float64(m.dim))
	m.each(func(_ int, x []float32) {
		for i := range x {
			x[i] += float32(sd * r.NormFloat64())
		}
	})
}

// turn rotates each pair of columns (0 and 1, 2 and 3, …) about the mean, in all by a quarter.
func (m *motion) turn() {
	m.each(func(e int, x []float32) {
		sin, cos := math.Sincos(math.Pi / 2 * m.progress(e))
		for i := range len(x) / m.dim {
			for j := 0; j+1 < m.dim; j += 2 {
				a, b := &x[i*m.dim+j], &x[i*m.dim+j+1]
				u, v := float64(*a)-m.centre[j], float64(*b)-m.centre[j+1]
				*a, *b = float32(m.centre[j]+cos*u-sin*v), float32(m.centre[j+1]+sin*u+cos*v)
			}
		}
	})
}

// grow scales the rows about the mean from a fifth to their full size, by equal steps.
func (m *motion) grow() {
	m.each(func(e int, x []float32) {
		size := 0.2 + 0.8*m.progress(e)
		for i := range x {
			c := m.centre[i%m.dim]
			x[i] = float32(c + size*(float64(x[i])-c))
		}
	})
}

// progress runs from 0 at the first epoch to 1 at the last.
func (m *motion) progress(e int) float64 { return float64(e) / float64(max(1, m.epochs-1)) }
