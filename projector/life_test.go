package projector

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// other changes the vectors of a training as another seed would: the same classes lie in other directions.
func (c training) other(seed uint64) training {
	c.vectors = func(epoch, sample int, v []float32) {
		r := rand.New(rand.NewPCG(uint64(sample), seed))
		for j := range v {
			v[j] = float32(r.NormFloat64())
		}
		v[(sample%c.classes+5)%dim] += 3 * float32(epoch)
	}
	return c
}

// span returns the numbers from low to high.
func span(low, high int) (list []int) {
	for e := low; e <= high; e++ {
		list = append(list, e)
	}
	return list
}

// relog logs the run of a training on: epochs after cut are removed first, unless that is negative, then these are logged.
func relog(t *testing.T, store *tracker.Store, c training, cut int, epochs ...int) {
	t.Helper()
	if cut >= 0 {
		r, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: c.name, Resume: tracker.Must})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.TruncateAfter(t.Context(), cut); err != nil {
			t.Fatal(err)
		}
		if err := r.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	logMore(t, store, c, epochs...)
}

// TestLife: in each mode, a map of 16 epochs that follows its run through re-logging and truncation is nearly as true as one
// that is fitted to the run as it is then. With -v, it prints both: docs/modes.md has some of it.
func TestLife(t *testing.T) {
	if testing.Short() {
		t.Skip("fits two dozen maps")
	}
	c := training{name: "a", epochs: span(0, 15), samples: 90, classes: 6, layers: []string{"fc1"}}
	for _, mode := range Modes {
		for _, k := range []struct {
			name   string
			change func(store *tracker.Store)
		}{
			{"all logged again, same", func(s *tracker.Store) { relog(t, s, c, -1, span(0, 15)...) }},
			{"all logged again, others", func(s *tracker.Store) { relog(t, s, c.other(2), -1, span(0, 15)...) }},
			{"15 logged again, others", func(s *tracker.Store) { relog(t, s, c.other(2), -1, span(1, 15)...) }},
			{"12 logged again, others", func(s *tracker.Store) { relog(t, s, c.other(2), -1, span(4, 15)...) }},
			{"4 logged again, others", func(s *tracker.Store) { relog(t, s, c.other(2), -1, span(12, 15)...) }},
			{"cut after 3", func(s *tracker.Store) { relog(t, s, c, 3) }},
			{"cut after 3, 4-8 others", func(s *tracker.Store) { relog(t, s, c.other(2), 3, span(4, 8)...) }},
			{"cut after 3, 4-20 others", func(s *tracker.Store) { relog(t, s, c.other(2), 3, span(4, 20)...) }},
		} {
			t.Run(mode+"/"+k.name, func(t *testing.T) {
				store := newStore(t)
				logTraining(t, store, c)
				o := Defaults()
				o.Mode = mode
				p := project(t, store, o)
				k.change(store)
				p = extend(t, p)
				got, want := exact(t, p), exact(t, project(t, store, o))
				t.Logf("%-9s %-26s trust %.3f (fresh %.3f)  knn15 %.3f (%.3f)  silhouette at the end %.3f (%.3f)  revision %d", mode, k.name,
					*got.TrustEpoch, *want.TrustEpoch, *got.KNN15, *want.KNN15, *got.SilLast, *want.SilLast, got.Revision)
				if *got.TrustEpoch < *want.TrustEpoch-0.02 {
					t.Errorf("trust is %.3f, and %.3f of a map that is fitted anew", *got.TrustEpoch, *want.TrustEpoch)
				}
			})
		}
	}
}

func exact(t *testing.T, p *Projection) *Quality {
	t.Helper()
	q, err := p.ExactQuality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// TestBehind: a map tells how far it is behind its run, and Extend brings it up to it.
func TestBehind(t *testing.T) {
	c := training{name: "a", epochs: span(0, 5), samples: 40, classes: 2, layers: []string{"fc1", "fc2"}}
	some := c.other(3)
	some.missing = func(_, sample int) bool { return sample < 10 }
	without := c
	without.layers = []string{"fc2"}
	for name, k := range map[string]struct {
		change           func(*tracker.Store)
		behind           string
		points, revision int
	}{
		"nothing":                   {func(s *tracker.Store) {}, "", 240, 1},
		"all again, same":           {func(s *tracker.Store) { relog(t, s, c, -1, span(0, 5)...) }, "", 240, 1},
		"all again, others":         {func(s *tracker.Store) { relog(t, s, c.other(3), -1, span(0, 5)...) }, "6 epochs: 6 changed", 240, 2},
		"some again, others":        {func(s *tracker.Store) { relog(t, s, c.other(3), -1, 4, 5) }, "2 epochs: 2 changed", 240, 2},
		"one again, in part":        {func(s *tracker.Store) { relog(t, s, some, -1, 2) }, "1 epoch: 1 changed", 230, 2},
		"shorter":                   {func(s *tracker.Store) { relog(t, s, c, 3) }, "2 epochs: 2 removed", 160, 2},
		"as long, others":           {func(s *tracker.Store) { relog(t, s, c.other(3), 3, 4, 5) }, "2 epochs: 2 changed", 240, 2},
		"as long, same":             {func(s *tracker.Store) { relog(t, s, c, 3, 4, 5) }, "", 240, 1},
		"longer":                    {func(s *tracker.Store) { relog(t, s, c.other(3), 3, span(4, 7)...) }, "4 epochs: 2 new, 2 changed", 320, 2},
		"shorter, and other epochs": {func(s *tracker.Store) { relog(t, s, c, 3, 7) }, "3 epochs: 1 new, 2 removed", 200, 2},
		"all cut, other columns":    {func(s *tracker.Store) { cutAll(t, s); logWide(t, s, c) }, "6 epochs: 6 changed", 240, 2},
		"without the layer":         {func(s *tracker.Store) { relog(t, s, without, -1, 1) }, "1 epoch: 1 removed", 200, 2},
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			logTraining(t, store, c)
			o := quick()
			o.Layer, o.Scale, o.PCA = "fc1", "standardize", 5
			scaled := project(t, store, o)
			old := project(t, store, o)
			forgetPreparation(t, store, old)
			o.Scale, o.PCA = "none", 0
			p := project(t, store, o)
			k.change(store)
			if near, err := scaled.Neighbors(t.Context(), 1, "s20", 3); name == "all cut, other columns" {
				if !errors.Is(err, tracker.ErrNotFound) || !strings.Contains(err.Error(), "has 24 columns, and projection") {
					t.Errorf("neighbours among vectors of other columns: %v, %v", near, err)
				}
			} else if (err != nil) != (name == "without the layer") {
				t.Errorf("neighbours: %v, %v", near, err)
			}
			for what, p := range map[string]*Projection{"scaled": scaled, "scaled by an earlier version": old} {
				if p = extend(t, p); p.Info().Points != k.points || p.Info().Revision != k.revision {
					t.Errorf("%s, extended: %d points, revision %d, want %d, %d", what, p.Info().Points, p.Info().Revision, k.points, k.revision)
				}
				if q, err := p.Quality(t.Context()); err != nil || q.Unmeasured != 0 || *q.TrustEpoch < 0.6 {
					t.Errorf("%s: quality %+v, %v", what, q, err)
				}
			}
			b, err := p.Behind(t.Context())
			if err != nil || b.String() != k.behind || len(b.Epochs) != b.Total() {
				t.Errorf("behind by %q (%+v), %v, want %q", b, b.Epochs, err, k.behind)
			}
			q, err := p.ExactQuality(t.Context()) // it was measured when it was made
			if err != nil || q.Unmeasured != 0 || len(q.Epochs) != 6 {
				t.Errorf("quality %+v, %v", q, err)
			}
			p = extend(t, p)
			if i := p.Info(); i.Points != k.points || i.Revision != k.revision {
				t.Errorf("extended: %d points, revision %d, want %d, %d", i.Points, i.Revision, k.points, k.revision)
			}
			if b, err = p.Behind(t.Context()); err != nil || b.Total() != 0 {
				t.Errorf("extended, and behind by %q, %v", b, err)
			}
			if q, err = p.Quality(t.Context()); err != nil || q.Revision != k.revision || q.Unmeasured != 0 {
				t.Errorf("quality %+v, %v", q, err)
			}
			if again := extend(t, p); again.Info().Revision != k.revision {
				t.Errorf("extended twice, revision %d", again.Info().Revision)
			}
			if p, err = p.RefitFromScratch(t.Context(), nil); err != nil || p.Info().Points != k.points {
				t.Errorf("renewed: %d points, %v", p.Info().Points, err)
			}
		})
	}
}

// forgetPreparation leaves a map as a version did that kept no preparation.
func forgetPreparation(t *testing.T, store *tracker.Store, p *Projection) {
	t.Helper()
	if err := store.Write(t.Context(), func(tx *tracker.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE projection SET preparation = NULL WHERE id = ?", p.id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// cutAll removes all epochs of run a.
func cutAll(t *testing.T, store *tracker.Store) {
	t.Helper()
	r, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: "a", Resume: tracker.Must})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.TruncateAfter(t.Context(), -1), r.Finish(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// logWide logs the epochs of a training with twice as many columns.
func logWide(t *testing.T, store *tracker.Store, c training) {
	t.Helper()
	r, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: c.name, Resume: tracker.Must})
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range c.epochs {
		e := c.epoch(number)
		for i := range e.Layers {
			l := &e.Layers[i]
			var wide []float32
			for row := range slices.Chunk(l.Vectors, l.Dim) {
				wide = append(append(wide, row...), row...)
			}
			l.Dim, l.Vectors = 2*l.Dim, wide
		}
		if err := r.Log(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestExtendCutMeanwhile: a run that is cut while its map is extended is read again.
func TestExtendCutMeanwhile(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: span(0, 3), samples: 40, classes: 2, layers: []string{"fc1"}}
	logTraining(t, store, c)
	p := project(t, store, quick())
	relog(t, store, c, -1, 4, 5)
	cut := false
	p, err := p.Extend(t.Context(), func(stage string, done, _ int) {
		if stage == "load" && done == 2 && !cut {
			cut = true
			relog(t, store, c, 2)
		}
	})
	if err != nil || p.Info().Points != 120 || !cut {
		t.Errorf("%+v, %v: want the three epochs that are left", p.Info(), err)
	}
}

// TestRunsLeave: a map of two runs goes on when one of them is removed, or has nothing left; and it says so when both have
// nothing left.
func TestRunsLeave(t *testing.T) {
	store := newStore(t)
	a := training{name: "a", epochs: span(1, 4), samples: 40, classes: 2, layers: []string{"fc1"}}
	b, c := a, a
	b.name, c.name = "b", "c"
	for _, tr := range []training{a, b, c} {
		logTraining(t, store, tr)
	}
	p := project(t, store, quick(), "a", "b", "c")
	if err := store.RemoveRun(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Quality(t.Context()); !errors.Is(err, ErrChanged) {
		t.Errorf("quality of a map that a run has left: %v", err)
	}
	p = extend(t, p)
	if q, err := p.Quality(t.Context()); err != nil || q.Revision != 2 || len(q.Epochs) != 8 || p.Info().Points != 320 || len(p.Info().Runs) != 2 {
		t.Errorf("%+v, %v: want the quality of two runs", q, err)
	}
	relog(t, store, b, 0)
	p = extend(t, p)
	if i := p.Info(); i.Points != 160 || i.Revision != 3 || len(i.Runs) != 2 {
		t.Errorf("info %+v", i)
	}
	relog(t, store, b, 0, 1, 2)
	if p = extend(t, p); p.Info().Points != 240 {
		t.Errorf("%d points, want those of the run that goes on", p.Info().Points)
	}
	relog(t, store, a, 0)
	relog(t, store, b, 0)
	if _, err := p.Extend(t.Context(), nil); !errors.Is(err, tracker.ErrNotFound) || !strings.Contains(err.Error(), "no vectors left") {
		t.Errorf("nothing is left: %v", err)
	}
	if b, err := p.Behind(t.Context()); err != nil || b.String() != "6 epochs: 6 removed" {
		t.Errorf("behind by %q, %v", b, err)
	}
	if _, err := p.Quality(t.Context()); !errors.Is(err, tracker.ErrNotFound) || !strings.Contains(err.Error(), "all its 6 epochs were replaced or removed") {
		t.Errorf("quality of a map of which nothing is left: %v", err)
	}
	if len(placements(t, p, Query{AllEpochs: true})) != 6 {
		t.Error("a map of which nothing is left cannot be read")
	}
}

// TestSamplesAdded: samples that join a run join its map with the epochs that have them.
func TestSamplesAdded(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: span(1, 4), samples: 40, classes: 2, layers: []string{"fc1"}}
	logTraining(t, store, c)
	p := project(t, store, quick())
	r, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: "a", Resume: tracker.Must})
	if err != nil {
		t.Fatal(err)
	}
	c.samples = 50
	var more []tracker.Sample
	for i := 40; i < 50; i++ {
		more = append(more, tracker.Sample{ID: fmt.Sprint("s", i), Label: c.label(i)})
	}
	if err := errors.Join(r.AddSamples(t.Context(), more), r.Log(t.Context(), c.epoch(4)), r.Log(t.Context(), c.epoch(5)), r.Finish(t.Context())); err != nil {
		t.Fatal(err)
	}
	if b, err := p.Behind(t.Context()); err != nil || b.String() != "2 epochs: 1 new, 1 changed" {
		t.Errorf("behind by %q, %v", b, err)
	}
	if p = extend(t, p); p.Info().Points != 3*40+2*50 {
		t.Errorf("%d points", p.Info().Points)
	}
	if q, err := p.Quality(t.Context()); err != nil || len(q.Epochs) != 5 {
		t.Errorf("quality %+v, %v", q, err)
	}
}

// TestGivenBehind: a map that another program computed cannot be extended, but says what it no longer stands for, and is
// measured by the rest.
func TestGivenBehind(t *testing.T) {
	for _, layers := range [][]string{{"fc1"}, {}} {
		store := newStore(t)
		c := training{name: "a", epochs: span(1, 4), samples: 40, classes: 2, layers: layers}
		logTraining(t, store, c)
		var placed []Coordinates
		for _, e := range span(1, 3) {
			at := Coordinates{Epoch: e}
			for i := range 40 {
				at.Coordinates = append(at.Coordinates, float32(i%2), float32(i*e%7))
			}
			placed = append(placed, at)
		}
		p, err := Given(t.Context(), store, "a", "", 2, placed, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := p.Behind(t.Context()); err != nil || b.Total() != 0 {
			t.Errorf("layers %q: behind by %q, %v", layers, b, err)
		}
		relog(t, store, c.other(2), 2, 1, 5)
		want, measured := "2 epochs: 1 changed, 1 removed", 1
		if len(layers) == 0 { // there is nothing to compare epoch 1 with
			want, measured = "1 epoch: 1 removed", 2
		}
		if b, err := p.Behind(t.Context()); err != nil || b.String() != want {
			t.Errorf("layers %q: behind by %q, %v, want %q", layers, b, err, want)
		}
		if err := store.Write(t.Context(), func(tx *tracker.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE projection SET quality = NULL")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if q, err := p.Quality(t.Context()); err != nil || len(q.Epochs) != measured || q.Unmeasured != 3-measured {
			t.Errorf("layers %q: quality %+v, %v", layers, q, err)
		}
		if _, err := p.Extend(t.Context(), nil); !errors.Is(err, ErrOptions) {
			t.Errorf("layers %q: extended: %v", layers, err)
		}
	}
}
