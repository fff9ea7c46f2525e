package main

import "slices"

// A sample is a quantity measured several times.
type sample []float64

func (s sample) min() float64 { return slices.Min(s) }

func (s sample) max() float64 { return slices.Max(s) }

func (s sample) mean() (m float64) {
	for _, v := range s {
		m += v / float64(len(s))
	}
	return m
}

func (s sample) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	return (sorted[(len(s)-1)/2] + sorted[len(s)/2]) / 2
}
