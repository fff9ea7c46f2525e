package main

import "testing"

func TestSample(t *testing.T) {
	for _, c := range []struct {
		name        string
		s           sample
		min, median float64
	}{
		{"one", sample{3}, 3, 3},
		{"odd", sample{5, 1, 3}, 1, 3},
		{"even", sample{4, 1, 9, 2}, 1, 3},
	} {
		if got := c.s.min(); got != c.min {
			t.Errorf("%s: min = %g, want %g", c.name, got, c.min)
		}
		if got := c.s.median(); got != c.median {
			t.Errorf("%s: median = %g, want %g", c.name, got, c.median)
		}
	}
}
