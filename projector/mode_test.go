package projector

import (
	"reflect"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

func TestModes(t *testing.T) {
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{1, 2, 3}, samples: 60, classes: 3,
		missing: func(epoch, sample int) bool { return epoch == 2 && sample < 6 }})
	logTraining(t, store, training{name: "b", epochs: []int{1, 2}, samples: 30, classes: 3})
	if want := []string{"joint", "aligned", "balanced", "paced"}; !slices.Equal(Modes, want) {
		t.Errorf("modes %v, want %v", Modes, want)
	}
	for _, mode := range Modes {
		t.Run(mode, func(t *testing.T) {
			o := quick()
			o.Mode, o.Workers = mode, 1
			p := project(t, store, o, "a", "b")
			one := placements(t, p, Query{AllEpochs: true})
			o.Workers = 3
			if three := placements(t, project(t, store, o, "a", "b"), Query{AllEpochs: true}); !reflect.DeepEqual(three, one) {
				t.Error("3 workers differ from one")
			}
			q, err := p.Quality(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if *q.TrustEpoch < 0.7 || *q.SilLast < 0.2 {
				t.Errorf("trust %v, silhouette %v, then %v", *q.TrustEpoch, *q.SilFirst, *q.SilLast)
			}
			if got := p.Info(); got.Mode != mode || got.Options.EpochNegatives != recipes[mode].negatives || got.Options.Init != recipes[mode].init {
				t.Errorf("info %+v", got)
			}
		})
	}
	o := quick()
	o.Mode = "aligned"
	var moved []float64
	for _, o.TieWeight = range []float64{0, 1} {
		q, err := project(t, store, o, "a").Quality(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		moved = append(moved, *q.Displacement)
	}
	if moved[1] > moved[0]/2 {
		t.Errorf("samples move by %v when they are tied and by %v when not", moved[1], moved[0])
	}
}

// TestJointIsUMAP: mode joint is what others call UMAP over all rows, and nothing else.
func TestJointIsUMAP(t *testing.T) {
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{1, 2}, samples: 40, classes: 2})
	src, err := openSource(t.Context(), store, nil, quick(), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := quick()
	o.Mode = "joint"
	m, err := umap.Fit(t.Context(), src.x, src.dim, o.umap(), nil)
	if err != nil {
		t.Fatal(err)
	}
	y, _, err := fitUMAP(t.Context(), src, o.resolve(), nil, nil)
	if err != nil || !slices.Equal(y, m.Embedding) {
		t.Errorf("joint differs from umap.Fit, %v", err)
	}
	// The pieces that the other modes are built of come to the same.
	whole, err := neighbourGraph(t.Context(), src.x, src.dim, o.NNeighbors, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	src.frames = []sourceFrame{{samples: make([]string, src.rows())}}
	if g := src.pictures(o).join([]*umap.Graph{whole}); !reflect.DeepEqual(g, whole) {
		t.Error("one graph beside none is another graph")
	}
}

func TestTies(t *testing.T) {
	// Sample 0 is there at all three epochs, sample 1 at the outer two, sample 2 at the last; another run has sample 0 too.
	src := &source{dim: 1, runs: []string{"a", "b"}, x: make([]float32, 8), frames: []sourceFrame{
		{samples: []string{"0", "1"}, numbers: []int{0, 1}, first: 0},
		{samples: []string{"0"}, numbers: []int{0}, first: 2},
		{samples: []string{"2", "1", "0"}, numbers: []int{2, 1, 0}, first: 3},
		{run: 1, samples: []string{"0"}, numbers: []int{0}, first: 6},
		{run: 1, samples: []string{"1"}, numbers: []int{1}, first: 7},
	}}
	got := tieGraph(src, 0.5)
	want := &umap.Graph{
		Start:  []int{0, 1, 2, 4, 4, 5, 6, 6, 6},
		Col:    []int32{2, 4, 0, 5, 1, 2},
		Weight: []float32{0.5, 0.5, 0.5, 0.5, 0.5, 0.5},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("ties %+v, want %+v", got, want)
	}
	if groups := src.groups(); !slices.Equal(groups, []int32{0, 0, 1, 2, 2, 2, 3, 4}) {
		t.Errorf("groups %v", groups)
	}
}

func TestModeOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"share of negatives": func(o *Options) { o.EpochNegatives = 1.5 },
		"negative share":     func(o *Options) { o.EpochNegatives = -0.5 },
		"tie":                func(o *Options) { o.TieWeight = 2 },
		"init":               func(o *Options) { o.Init = "last" },
	} {
		o := Defaults()
		change(&o)
		if err := o.Validate(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	o := Defaults()
	o.Mode, o.EpochNegatives, o.Init = "aligned", 0, "pca"
	if r := o.resolve(); r.EpochNegatives != 0 || r.TieWeight != 0.3 || r.Init != "pca" {
		t.Errorf("resolved to %+v: what was set must stay", r)
	}
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{1, 2, 3}, samples: 40, classes: 2})
	for _, init := range Inits {
		o := quick()
		o.Init, o.TieWeight, o.EpochNegatives = init, 0.5, 0.5
		placements(t, project(t, store, o), Query{AllEpochs: true})
	}
	// Epochs with one sample, and with none in common, have little to be united by.
	lonely := training{name: "lonely", epochs: []int{1, 2, 3}, samples: 6, missing: func(epoch, sample int) bool { return sample != epoch }}
	logTraining(t, store, lonely)
	for _, mode := range Modes {
		o := quick()
		o.Mode = mode
		placements(t, project(t, store, o, "lonely"), Query{AllEpochs: true})
	}
}
