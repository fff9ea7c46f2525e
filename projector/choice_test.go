package projector

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

func TestChoice(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: span(0, 8), samples: 60, classes: 2, layers: []string{"fc1"}}
	run := logTraining(t, store, c)
	other := c
	other.name, other.epochs = "b", []int{0, 4}
	logTraining(t, store, other)
	lowest := func(n int) []string { // the ids of lowest rank, in the run's order
		ids := make([]string, 60)
		for i := range ids {
			ids[i] = fmt.Sprint("s", i)
		}
		all := slices.Clone(ids)
		slices.SortFunc(all, func(a, b string) int {
			if rank(a) < rank(b) {
				return -1
			}
			return 1
		})
		return slices.DeleteFunc(ids, func(id string) bool { return !slices.Contains(all[:n], id) })
	}
	for _, k := range []struct {
		epochs             string
		samples, maxPoints int
		runs               []string
		want               []int // epochs of the first run
		each               int   // samples of each epoch
	}{
		{"0-:4", 0, 0, nil, []int{0, 4, 8}, 60},
		{"1,3-5,last", 20, 0, nil, []int{1, 3, 4, 5, 8}, 20},
		{"", 100, 0, nil, span(0, 8), 60},
		{"", 0, 100, nil, span(0, 8), 11},
		{"", 10, 100, nil, span(0, 8), 10},
		{"", 12, 100, nil, span(0, 8), 11},
		{"0-8:8", 0, 10_000, nil, []int{0, 8}, 60},
		{"0-:4", 0, 100, []string{"a", "b"}, []int{0, 4, 8}, 20},
	} {
		o := quick()
		o.Epochs, o.Samples, o.MaxPoints, o.NNeighbors = k.epochs, k.samples, k.maxPoints, 5
		if k.runs == nil {
			k.runs = []string{"a"}
		}
		p := project(t, store, o, k.runs...)
		got, err := p.Epochs(t.Context(), run)
		if err != nil || !slices.Equal(got, k.want) {
			t.Errorf("%+v: the epochs are %v, %v", k, got, err)
		}
		checkBlocks(t, p)
		for _, at := range placements(t, p, Query{AllEpochs: true}) {
			if !slices.Equal(at.Samples, lowest(k.each)) {
				t.Errorf("%+v: epoch %d of run %s has the samples %v, want %v", k, at.Epoch, at.Run, at.Samples, lowest(k.each))
			}
		}
		if b, err := p.Behind(t.Context()); err != nil || b.Total() != 0 {
			t.Errorf("%+v: behind by %q, %v", k, b, err)
		}
		if q := exact(t, p); len(q.Epochs) < len(k.want) {
			t.Errorf("%+v: %d epochs were measured", k, len(q.Epochs))
		}
		if ids, trust, err := p.PointTrust(t.Context(), run, k.want[0]); err != nil || len(trust) != k.each || len(ids) != k.each {
			t.Errorf("%+v: trust of %d points, %v", k, len(ids), err)
		}
		near, err := p.NeighborsIn(t.Context(), run, k.want[0], lowest(k.each)[0], 1000)
		if err != nil || len(near) != k.each-1 {
			t.Errorf("%+v: %d neighbours, %v", k, len(near), err)
		}
	}
	for _, k := range []struct {
		epochs             string
		samples, maxPoints int
		want               string
	}{
		{"x", 0, 0, `epochs: "x" is not a list of epochs`},
		{"0,20", 0, 0, "there is no epoch 20"},
		{"", -1, 0, "samples = -1"},
		{"", 1, 0, "samples = 1"},
		{"", 0, -5, "max_points = -5"},
		{"", 0, 17, "max_points = 17 is not enough for 2 samples at each of 9 epochs"},
	} {
		o := quick()
		o.Epochs, o.Samples, o.MaxPoints = k.epochs, k.samples, k.maxPoints
		if _, err := Project(t.Context(), store, []string{"a"}, o, nil); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), k.want) {
			t.Errorf("epochs %q, samples %d, points %d: %v, want %q", k.epochs, k.samples, k.maxPoints, err, k.want)
		}
	}
}

// TestChoiceGrows: a map that is extended or fitted anew goes on with the epochs and samples that it was made of.
func TestChoiceGrows(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: span(0, 4), samples: 60, classes: 2, layers: []string{"fc1"}}
	run := logTraining(t, store, c)
	o := quick()
	o.Epochs, o.MaxPoints, o.NNeighbors = "0-:2", 60, 5
	p := project(t, store, o)
	chosen := placements(t, p, Query{Epoch: 0})[0].Samples
	if len(chosen) != 20 {
		t.Fatalf("%d samples are chosen, want 20", len(chosen))
	}
	relog(t, store, c, -1, 5, 6)
	if b, err := p.Behind(t.Context()); err != nil || b.String() != "1 epoch: 1 new" {
		t.Errorf("behind by %q, %v, want epoch 6 alone", b, err)
	}
	check := func(what string, samples []string, epochs ...int) {
		t.Helper()
		if got, err := p.Epochs(t.Context(), run); err != nil || !slices.Equal(got, epochs) {
			t.Errorf("%s: the epochs are %v, %v, want %v", what, got, err, epochs)
		}
		for _, at := range placements(t, p, Query{AllEpochs: true}) {
			if !slices.Equal(at.Samples, samples) {
				t.Errorf("%s: epoch %d has %v, want %v", what, at.Epoch, at.Samples, samples)
			}
		}
	}
	p = extend(t, p)
	check("extended", chosen, 0, 2, 4, 6)
	// An epoch that has none of them is not missed.
	none := c
	none.missing = func(_, sample int) bool { return slices.Contains(chosen, fmt.Sprint("s", sample)) }
	relog(t, store, none, -1, 10)
	if b, err := p.Behind(t.Context()); err != nil || b.Total() != 0 {
		t.Errorf("behind by %q, %v: the epoch has none of the chosen samples", b, err)
	}
	if again := extend(t, p); again.Info().Revision != p.Info().Revision {
		t.Errorf("extended by an epoch that has none of the chosen samples: revision %d", again.Info().Revision)
	}
	relog(t, store, c, 6)
	// Samples that are added may be chosen too, and displace none.
	r, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: "a", Resume: tracker.Must})
	if err != nil {
		t.Fatal(err)
	}
	var more []tracker.Sample
	for i := 60; i < 160; i++ {
		more = append(more, tracker.Sample{ID: fmt.Sprint("s", i)})
	}
	c.samples = 160
	if err := errors.Join(r.AddSamples(t.Context(), more), r.Log(t.Context(), c.epoch(8)), r.Finish(t.Context())); err != nil {
		t.Fatal(err)
	}
	p = extend(t, p)
	all := placements(t, p, Query{Epoch: 8})[0].Samples
	if len(all) <= 30 || len(all) >= 120 || !slices.Equal(all[:20], chosen) {
		t.Errorf("of 160 samples, %d are on the map", len(all))
	}
	if p, err = p.Refit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := placements(t, p, Query{Epoch: 8})[0].Samples; !slices.Equal(got, all) {
		t.Errorf("fitted anew, %d samples are on the map, were %d", len(got), len(all))
	}
	if p, err = p.RefitFromScratch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if i := p.Info(); i.Points > 60 || len(placements(t, p, Query{Epoch: 8})[0].Samples) != 12 {
		t.Errorf("renewed, the map has %d points, want up to 60", i.Points)
	}
	checkBlocks(t, p)
}
