package projector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

const dim = 12

func newStore(t *testing.T) *tracker.Store {
	t.Helper()
	store, err := tracker.Open(t.Context(), pgtest.Store(t), tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// A training is what logTraining logs: epochs in which n samples of some classes drift apart.
type training struct {
	name    string
	epochs  []int
	samples int
	classes int                                  // 0: no labels
	missing func(epoch, sample int) bool         // nil: none is
	layers  []string                             // nil: fc1
	vectors func(epoch, sample int, v []float32) // changes a vector; nil: none
}

func (c training) label(i int) string {
	if c.classes == 0 {
		return ""
	}
	return fmt.Sprint("class ", i%c.classes)
}

func logTraining(t *testing.T, store *tracker.Store, c training) string {
	t.Helper()
	run, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: c.name})
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]tracker.Sample, c.samples)
	for i := range samples {
		samples[i] = tracker.Sample{ID: fmt.Sprint("s", i), Label: c.label(i)}
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	if c.layers == nil {
		c.layers = []string{"fc1"}
	}
	for _, e := range c.epochs {
		if err := run.Log(t.Context(), c.epoch(e)); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	return run.ID()
}

func (c training) epoch(e int) tracker.Epoch {
	var ids []string
	var vectors []float32
	var predictions []string
	for i := range c.samples {
		if c.missing != nil && c.missing(e, i) {
			continue
		}
		r := rand.New(rand.NewPCG(uint64(i), 1))
		v := make([]float32, dim)
		for j := range v {
			v[j] = float32(r.NormFloat64())
		}
		v[i%max(1, c.classes)] += 3 * float32(e)
		if c.vectors != nil {
			c.vectors(e, i, v)
		}
		ids, vectors = append(ids, fmt.Sprint("s", i)), append(vectors, v...)
		predictions = append(predictions, fmt.Sprint("epoch ", e))
	}
	epoch := tracker.Epoch{Number: e, Outputs: &tracker.Outputs{Predictions: predictions, IDs: ids}}
	for _, name := range c.layers {
		epoch.Layers = append(epoch.Layers, tracker.Layer{Name: name, Dim: dim, Vectors: vectors, IDs: ids})
	}
	return epoch
}

// quick are options for small data.
func quick() Options {
	o := Defaults()
	o.NNeighbors, o.NEpochs = 8, 40
	return o
}

func project(t *testing.T, store *tracker.Store, o Options, runs ...string) *Projection {
	t.Helper()
	p, err := Project(t.Context(), store, runs, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func placements(t *testing.T, p *Projection, q Query) []Coordinates {
	t.Helper()
	placed, err := p.Coordinates(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range placed {
		for _, v := range at.Coordinates {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("run %s epoch %d has a coordinate %v", at.Run, at.Epoch, v)
			}
		}
	}
	return placed
}

func TestProject(t *testing.T) {
	store := newStore(t)
	run := logTraining(t, store, training{name: "a", epochs: []int{0, 1, 2, 4}, samples: 60, classes: 3})
	var stages []string
	p, err := Project(t.Context(), store, []string{"test/a"}, quick(), func(stage string, done, total int) {
		if len(stages) == 0 || stages[len(stages)-1] != stage {
			stages = append(stages, stage)
		}
		if done < 0 || done > total {
			t.Errorf("stage %s: %d of %d", stage, done, total)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range []string{"load", "neighbors", "layout", "quality", "store"} {
		if !slices.Contains(stages, stage) {
			t.Errorf("no progress of stage %s: %v", stage, stages)
		}
		if p.Info().Stages.Seconds(stage) <= 0 {
			t.Errorf("no time of stage %s: %v", stage, p.Info().Stages)
		}
	}
	i := p.Info()
	if i.Points != 240 || i.Method != "umap" || i.Mode != "balanced" || i.Layer != "fc1" || i.Dims != 2 || i.Revision != 1 ||
		!slices.Equal(i.Runs, []string{run}) || i.Seconds <= 0 || i.PeakRSS <= 0 || i.Options.NNeighbors != 8 {
		t.Errorf("info %+v", i)
	}
	if want := "umap (chosen by auto"; !strings.HasPrefix(i.Choice(), want) {
		t.Errorf("choice %q, want %q…", i.Choice(), want)
	}
	again, err := Open(t.Context(), store, i.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := again.Info(); !got.Created.Equal(i.Created) {
		t.Errorf("created %v, want %v", got.Created, i.Created)
	} else if got.Created = i.Created; !reflect.DeepEqual(got, i) {
		t.Errorf("reopened %+v\nwant %+v", got, i)
	}
	q, err := p.Quality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if *q.SilLast < 0.5 || *q.SilLast < *q.SilFirst || *q.TrustEpoch < 0.7 {
		t.Errorf("silhouette %v, then %v, trust %v: classes that drift apart must show", *q.SilFirst, *q.SilLast, *q.TrustEpoch)
	}
}

func TestWorkersAgree(t *testing.T) {
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{1, 2}, samples: 60, classes: 4})
	for _, c := range []struct {
		metric string
		dims   int
	}{{"euclidean", 2}, {"cosine", 3}, {"correlation", 2}, {"manhattan", 2}} {
		var want []Coordinates
		var quality *Quality
		for _, workers := range []int{1, 2, 3} {
			o := quick()
			o.Workers, o.Dims, o.Metric = workers, c.dims, c.metric
			p := project(t, store, o)
			got := placements(t, p, Query{AllEpochs: true})
			q, err := p.Quality(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			q.Projection, q.Seconds = "", 0
			if want == nil {
				want, quality = got, q
			}
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(q, quality) {
				t.Errorf("%s, %d dims: %d workers differ from one", c.metric, c.dims, workers)
			}
		}
	}
}

func TestCancelledProjectLeavesNothing(t *testing.T) {
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{1, 2}, samples: 50, classes: 2})
	for _, at := range []string{"load", "neighbors", "layout", "quality", "store"} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Project(ctx, store, nil, quick(), func(stage string, _, _ int) {
			if stage == at {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled during %s: error %v", at, err)
		}
		if list, err := List(t.Context(), store, ""); len(list) > 0 || err != nil {
			t.Errorf("cancelled during %s: left %v, %v", at, list, err)
		}
	}
	project(t, store, quick()) // and the store still works
}

func TestSeveralRuns(t *testing.T) {
	store := newStore(t)
	a := logTraining(t, store, training{name: "a", epochs: []int{1, 2}, samples: 40, classes: 2})
	b := logTraining(t, store, training{name: "b", epochs: []int{2, 3}, samples: 30, classes: 2,
		vectors: func(_, _ int, v []float32) { v[5] += 20 }})
	p := project(t, store, quick(), "b", "a")
	if !slices.Equal(p.Info().Runs, []string{b, a}) || p.Info().Points != 140 {
		t.Errorf("info %+v", p.Info())
	}
	placed := placements(t, p, Query{AllEpochs: true})
	var got []string
	for _, at := range placed {
		name := "a"
		if at.Run == b {
			name = "b"
		}
		got = append(got, fmt.Sprint(name, at.Epoch, ":", len(at.Samples)))
	}
	if want := []string{"b2:30", "b3:30", "a1:40", "a2:40"}; !slices.Equal(got, want) {
		t.Errorf("placements %v, want %v", got, want)
	}
	points, err := p.Points(t.Context(), Query{Run: "a", Epoch: 2})
	if err != nil || len(points) != 40 || points[7].Run != a || points[7].Sample != "s7" {
		t.Errorf("%d points of a at 2, %v", len(points), err)
	}
	if points, err := p.Points(t.Context(), Query{Epoch: 2}); err != nil || len(points) != 70 {
		t.Errorf("%d points at 2, %v", len(points), err)
	}
	if _, err := p.Neighbors(t.Context(), 2, "s3", 3); !errors.Is(err, tracker.ErrAmbiguous) {
		t.Errorf("neighbours of a sample of two runs: %v", err)
	}
	near, err := p.NeighborsIn(t.Context(), "b", 2, "s3", 3)
	if err != nil || len(near) != 3 || near[0].Run != b {
		t.Errorf("neighbours %v, %v", near, err)
	}
	for _, run := range []string{a, "test/b", ""} {
		if list, err := List(t.Context(), store, run); err != nil || len(list) != 1 || list[0].ID != p.Info().ID {
			t.Errorf("projections of %q: %v, %v", run, list, err)
		}
	}
	q, err := p.Quality(t.Context())
	if err != nil || len(q.Epochs) != 4 || len(q.Transitions) != 2 || q.Transitions[1].Run != a || q.Transitions[1].To != 2 {
		t.Errorf("quality %+v, %v", q, err)
	}
}

func TestMissingSamples(t *testing.T) {
	store := newStore(t)
	run := logTraining(t, store, training{name: "a", epochs: []int{1, 2, 3}, samples: 50, classes: 2,
		missing: func(epoch, sample int) bool { return epoch == 2 && sample%5 == 0 }})
	p := project(t, store, quick())
	placed := placements(t, p, Query{AllEpochs: true})
	for i, want := range []int{50, 40, 50} {
		if len(placed[i].Samples) != want || len(placed[i].Coordinates) != 2*want {
			t.Errorf("epoch %d has %d samples, want %d", i+1, len(placed[i].Samples), want)
		}
	}
	path, err := p.Trajectory(t.Context(), Query{Samples: []string{"s10", "s11"}})
	var got []string
	for _, pt := range path {
		got = append(got, fmt.Sprint(pt.Sample, "@", pt.Epoch))
	}
	if want := []string{"s10@1", "s10@3", "s11@1", "s11@2", "s11@3"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("trajectory %v, %v, want %v", got, err, want)
	}
	if _, err := p.Points(t.Context(), Query{Run: run, Epoch: 2, Samples: []string{"s10"}}); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("a sample where it is missing: %v", err)
	}
	if _, err := p.Neighbors(t.Context(), 2, "s10", 5); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("neighbours where it is missing: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	store := newStore(t)
	if _, err := Project(t.Context(), store, nil, Defaults(), nil); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("a store without runs: %v", err)
	}
	if _, err := Open(t.Context(), store, ""); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("a store without projections: %v", err)
	}
	logTraining(t, store, training{name: "two", epochs: []int{1}, samples: 30, layers: []string{"fc1", "fc2"}})
	empty, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: "empty"})
	if err != nil {
		t.Fatal(err)
	}
	if err := empty.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*Options)
		runs   []string
		kind   error
		text   string
	}{
		{"neighbours", func(o *Options) { o.NNeighbors = 1 }, nil, ErrOptions, "n_neighbors = 1, want 2 or more"},
		{"dims", func(o *Options) { o.Dims = 4 }, nil, ErrOptions, "dims = 4, want 2 or 3"},
		{"no dims", func(o *Options) { o.Dims = 0 }, nil, ErrOptions, "dims = 0, want 2 or 3"},
		{"min_dist", func(o *Options) { o.MinDist = -1 }, nil, ErrOptions, "min_dist"},
		{"NaN", func(o *Options) { o.Spread = math.NaN() }, nil, ErrOptions, "spread"},
		{"workers", func(o *Options) { o.Workers = -1 }, nil, ErrOptions, "workers"},
		{"method", func(o *Options) { o.Method = "tsne" }, nil, ErrOptions, `no method "tsne": want auto, umap`},
		{"mode", func(o *Options) { o.Mode = "" }, nil, ErrOptions, `no mode "": want joint`},
		{"metric", func(o *Options) { o.Metric = "hamming" }, nil, ErrOptions, "euclidean, cosine"},
		{"layers", func(o *Options) {}, []string{"two"}, tracker.ErrAmbiguous, "fc1, fc2"},
		{"layer", func(o *Options) { o.Layer = "fc3" }, []string{"two"}, tracker.ErrNotFound, `no layer "fc3", only fc1, fc2`},
		{"run", func(o *Options) {}, []string{"nobody"}, tracker.ErrNotFound, "nobody"},
		{"twice", func(o *Options) { o.Layer = "fc1" }, []string{"two", "test/two"}, ErrOptions, "twice"},
		{"no vectors", func(o *Options) {}, []string{"empty"}, tracker.ErrNotFound, "no vectors"},
	} {
		o := quick()
		c.change(&o)
		_, err := Project(t.Context(), store, c.runs, o, nil)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v, want %v with %q", c.name, err, c.kind, c.text)
		}
	}
}

func TestFewPoints(t *testing.T) {
	for n := 1; n <= 4; n++ {
		store := newStore(t)
		logTraining(t, store, training{name: "a", epochs: []int{1}, samples: n, classes: 2})
		p := project(t, store, Defaults())
		if placed := placements(t, p, Query{Epoch: 1}); len(placed[0].Samples) != n {
			t.Errorf("%d samples placed, want %d", len(placed[0].Samples), n)
		}
		if _, err := p.Quality(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
