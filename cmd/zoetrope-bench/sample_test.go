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

func TestCosts(t *testing.T) {
	c := newCosts()
	for _, stage := range []string{"load", "load", "layout", "layout", "store"} {
		c.enter(stage)
	}
	stages := c.end()
	if len(stages) != 3 || stages[0].Stage != "load" || stages[1].Stage != "layout" || stages[2].Stage != "store" {
		t.Fatalf("stages %+v, want load, layout, store", stages)
	}
	all := total(stages)
	if all.Wall < stages[0].Wall || all.PeakRSS < stages[0].PeakRSS || stages[0].PeakRSS <= 0 {
		t.Errorf("in all %+v of %+v", all, stages)
	}
	if none := newCosts().end(); len(none) != 0 {
		t.Errorf("without reports there are stages %+v", none)
	}
}
