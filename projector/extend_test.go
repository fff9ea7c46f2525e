package projector

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// logMore logs further epochs of a training that has ended.
func logMore(t *testing.T, store *tracker.Store, c training, epochs ...int) {
	t.Helper()
	r, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: c.name, Resume: tracker.Must})
	if err != nil {
		t.Fatal(err)
	}
	if c.layers == nil {
		c.layers = []string{"fc1"}
	}
	for _, e := range epochs {
		if err := r.Log(t.Context(), c.epoch(e)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func extend(t *testing.T, p *Projection) *Projection {
	t.Helper()
	p, err := p.Extend(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	checkBlocks(t, p)
	return p
}

func TestExtend(t *testing.T) {
	for _, mode := range Modes {
		t.Run(mode, func(t *testing.T) {
			var want []Coordinates
			crews := []int{2}
			if mode == "balanced" { // which has all there is
				crews = []int{1, 3}
			}
			for _, workers := range crews {
				store := newStore(t)
				// Sample 7 comes with epoch 4 only.
				c := training{name: "a", epochs: []int{0, 1, 2}, samples: 50, classes: 2,
					missing: func(epoch, sample int) bool { return sample == 7 && epoch < 4 }}
				run := logTraining(t, store, c)
				o := quick()
				o.Mode, o.Workers = mode, workers
				first := project(t, store, o)
				before := placements(t, first, Query{AllEpochs: true})
				if p := extend(t, first); p.Info().Revision != 1 {
					t.Errorf("revision %d with nothing new, want 1", p.Info().Revision)
				}
				logMore(t, store, c, 3, 4)
				p := extend(t, first)
				i := p.Info()
				if i.Revision != 2 || i.Points != 246 || i.Extended != 99 || i.ID != first.Info().ID {
					t.Errorf("info %+v", i)
				}
				after := placements(t, p, Query{AllEpochs: true})
				if !reflect.DeepEqual(after[:3], before) {
					t.Error("earlier points moved")
				}
				if len(after) != 5 || after[4].Run != run || !slices.Contains(after[4].Samples, "s7") {
					t.Errorf("%d epochs on the map", len(after))
				}
				q, err := p.Quality(t.Context())
				if err != nil || q.Revision != 2 || len(q.Epochs) != 5 || *q.SilLast < 0.3 || *q.Epochs[4].Trustworthiness < 0.65 {
					t.Errorf("quality %+v, %v", q, err)
				}
				for i := range after {
					after[i].Run = "" // each store has its own id
				}
				if want == nil {
					want = after
				} else if !reflect.DeepEqual(after, want) {
					t.Errorf("%d workers differ from one", workers)
				}
			}
		})
	}
}

// TestExtendDoubled: when the points of the fit have doubled, the map is fitted anew, and lies as it lay.
func TestExtendDoubled(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: []int{1, 2}, samples: 60, classes: 3}
	logTraining(t, store, c)
	p := project(t, store, quick())
	before := placements(t, p, Query{AllEpochs: true})
	logMore(t, store, c, 3, 4)
	p = extend(t, p)
	if i := p.Info(); i.Revision != 2 || i.Points != 240 || i.Extended != 0 {
		t.Errorf("info %+v", i)
	}
	after := placements(t, p, Query{AllEpochs: true})
	// Each class is still nearest to where it was.
	centres := func(placed []Coordinates) [3][2]float64 {
		var c [3][2]float64
		for _, at := range placed {
			for i := range at.Samples {
				c[i%3][0] += float64(at.Coordinates[2*i]) / float64(20*len(placed))
				c[i%3][1] += float64(at.Coordinates[2*i+1]) / float64(20*len(placed))
			}
		}
		return c
	}
	was, is := centres(before), centres(after[:2])
	for a := range 3 {
		nearest := 0
		for b := range 3 {
			if math.Hypot(is[a][0]-was[b][0], is[a][1]-was[b][1]) < math.Hypot(is[a][0]-was[nearest][0], is[a][1]-was[nearest][1]) {
				nearest = b
			}
		}
		if nearest != a {
			t.Errorf("class %d lies where class %d lay: %v, was %v", a, nearest, is, was)
		}
	}
	again, err := p.Refit(t.Context(), nil)
	if err != nil || again.Info().Revision != 3 || again.Info().Points != 240 {
		t.Errorf("refit: %+v, %v", again.Info(), err)
	}
	if q, err := again.Quality(t.Context()); err != nil || q.Revision != 3 {
		t.Errorf("quality of revision %d, %v, want 3", q.Revision, err)
	}
}

// TestExtendReplaced: an epoch that was logged again with other samples is placed again; one that was deleted leaves the map.
func TestExtendReplaced(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: []int{1, 2, 3, 4}, samples: 40, classes: 2, layers: []string{"fc1"}}
	logTraining(t, store, c)
	logTraining(t, store, training{name: "b", epochs: []int{1}, samples: 30})
	p := project(t, store, quick(), "a", "b")
	before := placements(t, p, Query{AllEpochs: true})
	r, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: "a", Resume: tracker.Must})
	if err != nil {
		t.Fatal(err)
	}
	c.missing = func(_, sample int) bool { return sample < 10 }
	if err := errors.Join(r.TruncateAfter(t.Context(), 2), r.Log(t.Context(), c.epoch(3)), r.Finish(t.Context())); err != nil {
		t.Fatal(err)
	}
	p = extend(t, p)
	if i := p.Info(); i.Revision != 2 || i.Points != 140 || i.Extended != 30 {
		t.Errorf("info %+v", i)
	}
	before = slices.Delete(before, 3, 4)
	after := placements(t, p, Query{AllEpochs: true})
	if len(after) != len(before) {
		t.Errorf("%d epochs are on the map, want %d", len(after), len(before))
	}
	for i, at := range after {
		if i == 2 {
			if len(at.Samples) != 30 {
				t.Errorf("the epoch that was replaced has %d samples, want 30", len(at.Samples))
			}
		} else if !reflect.DeepEqual(at, before[i]) {
			t.Errorf("epoch %d of run %s changed", at.Epoch, at.Run)
		}
	}
}

func TestExtendInterrupted(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: []int{1, 2, 3}, samples: 40, classes: 2}
	logTraining(t, store, c)
	p := project(t, store, quick())
	before := placements(t, p, Query{AllEpochs: true})
	logMore(t, store, c, 4)
	for _, at := range []string{"load", "neighbors", "layout", "store"} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := p.Extend(ctx, func(stage string, _, _ int) {
			if stage == at {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled during %s: %v", at, err)
		}
	}
	now, err := Open(t.Context(), store, "")
	if err != nil || now.Info().Revision != 1 || !reflect.DeepEqual(placements(t, now, Query{AllEpochs: true}), before) {
		t.Errorf("an interrupted call left revision %d, %v", now.Info().Revision, err)
	}
	// Somebody else is faster.
	done := false
	_, err = p.Extend(t.Context(), func(stage string, _, _ int) {
		if stage == "layout" && !done {
			done = true
			extend(t, p)
		}
	})
	if !errors.Is(err, tracker.ErrSuperseded) {
		t.Errorf("two at once: %v, want %v", err, tracker.ErrSuperseded)
	}
	if err := Delete(t.Context(), store, p.Info().ID); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Extend(t.Context(), nil); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
}

func TestTransform(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: []int{1, 2, 3}, samples: 60, classes: 3}
	run := logTraining(t, store, c)
	frame, err := store.Frame(t.Context(), run, "fc1", 3)
	if err != nil {
		t.Fatal(err)
	}
	// Slightly changed copies of ten samples at epoch 3.
	r := rand.New(rand.NewPCG(1, 1))
	x := slices.Clone(frame.Vectors[:10*dim])
	for i := range x {
		x[i] += 0.01 * float32(r.NormFloat64())
	}
	for _, mode := range Modes {
		var want []float32
		crews := []int{2}
		if mode == "balanced" { // which has all there is
			crews = []int{1, 3}
		}
		for _, workers := range crews {
			o := quick()
			o.Mode, o.Workers = mode, workers
			p := project(t, store, o)
			before := placements(t, p, Query{AllEpochs: true})
			y, err := p.Transform(t.Context(), "", 3, x)
			if err != nil || len(y) != 20 {
				t.Fatalf("%s: %d coordinates, %v", mode, len(y), err)
			}
			if want == nil {
				want = y
			} else if !slices.Equal(y, want) {
				t.Errorf("%s: %d workers differ from one", mode, workers)
			}
			// Most lie nearest to a point of the class they come from.
			right := 0
			at := before[2].Coordinates
			for i := range 10 {
				nearest, best := 0, math.Inf(1)
				for j := range 60 {
					if d := math.Hypot(float64(y[2*i]-at[2*j]), float64(y[2*i+1]-at[2*j+1])); d < best {
						nearest, best = j, d
					}
				}
				if nearest%3 == i%3 {
					right++
				}
			}
			if right < 8 {
				t.Errorf("%s: %d of 10 vectors lie with their class", mode, right)
			}
			if after := placements(t, p, Query{AllEpochs: true}); !reflect.DeepEqual(after, before) || p.Info().Revision != 1 {
				t.Errorf("%s: the map changed", mode)
			}
		}
	}
	p := project(t, store, quick())
	if y, err := p.Transform(t.Context(), "a", 1, nil); err != nil || len(y) != 0 {
		t.Errorf("no vectors: %v, %v", y, err)
	}
	for name, c := range map[string]struct {
		epoch int
		x     []float32
		kind  error
	}{
		"epoch":   {9, x, tracker.ErrNotFound},
		"columns": {1, x[:13], ErrOptions},
		"NaN":     {1, append(slices.Clone(x[:dim-1]), float32(math.NaN())), ErrOptions},
	} {
		if _, err := p.Transform(t.Context(), "", c.epoch, c.x); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
	}
	logTraining(t, store, training{name: "b", epochs: []int{1}, samples: 30})
	two := project(t, store, quick(), "a", "b")
	if _, err := two.Transform(t.Context(), "", 1, x); !errors.Is(err, tracker.ErrAmbiguous) {
		t.Errorf("two runs: %v", err)
	}
	if _, err := two.Transform(t.Context(), "test/b", 1, x); err != nil {
		t.Errorf("second run: %v", err)
	}
}

// TestRenew: a map that has grown and was renewed is the map that Project makes, moved as a whole.
func TestRenew(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: []int{1, 2}, samples: 40, classes: 2}
	logTraining(t, store, c)
	grown := project(t, store, quick())
	logMore(t, store, c, 3)
	grown = extend(t, grown)
	before := placements(t, grown, Query{AllEpochs: true})
	renewed, err := grown.RefitFromScratch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if i := renewed.Info(); i.Revision != 3 || i.Points != 120 || i.Extended != 0 || i.ID != grown.Info().ID {
		t.Errorf("info %+v", i)
	}
	checkBlocks(t, renewed)
	got := coordinates(placements(t, renewed, Query{AllEpochs: true}))
	want := coordinates(placements(t, project(t, store, quick()), Query{AllEpochs: true}))
	if len(got) != len(want) {
		t.Fatalf("%d coordinates, want %d", len(got), len(want))
	}
	for i := 2; i < len(got); i += 2 {
		d := math.Hypot(float64(got[i]-got[0]), float64(got[i+1]-got[1]))
		w := math.Hypot(float64(want[i]-want[0]), float64(want[i+1]-want[1]))
		if math.Abs(d-w) > 1e-4*(1+w) {
			t.Fatalf("point %d is %v from the first, want %v", i/2, d, w)
		}
	}
	if reflect.DeepEqual(got, coordinates(before)) {
		t.Error("the map is as it was")
	}
}

func coordinates(placed []Coordinates) (y []float32) {
	for _, p := range placed {
		y = append(y, p.Coordinates...)
	}
	return y
}
