package projector

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestProjectFrom(t *testing.T) {
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{1, 2, 3}, samples: 40, classes: 2,
		missing: func(epoch, sample int) bool { return epoch == 2 && sample%9 == 0 }})
	o := quick()
	first := placements(t, project(t, store, o), Query{AllEpochs: true})
	o.NEpochs, o.LearningRate = 5, 0.001
	from := func(start []Coordinates, runs ...string) (*Projection, error) {
		return ProjectFrom(t.Context(), store, runs, o, start, nil)
	}
	p, err := from(first)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range coordinates(placements(t, p, Query{AllEpochs: true})) {
		if was := coordinates(first)[i]; math.Abs(float64(v-was)) > 0.1 {
			t.Fatalf("coordinate %d is %v, and began at %v", i, v, was)
		}
	}
	if init := p.Info().Options.Init; init != "given" {
		t.Errorf("init %q", init)
	}
	if again, err := Open(t.Context(), store, p.Info().ID); err != nil || !reflect.DeepEqual(again.Info().Options, p.Info().Options) {
		t.Errorf("read back %+v, %v", again.Info().Options, err)
	}
	if _, err := p.RefitFromScratch(t.Context(), nil); err != nil { // which begins as suits the mode
		t.Error(err)
	}
	// An array of all samples, with NaN where one is missing; and all on one spot.
	array := slices.Clone(first)
	nan := float32(math.NaN())
	for i := range array {
		array[i].Run, array[i].Samples, array[i].Coordinates = "", nil, slices.Repeat([]float32{1, 2}, 40)
	}
	array[1].Coordinates[0] = nan // sample 0 is missing at epoch 2
	p, err = from(array)
	if err != nil {
		t.Fatal(err)
	}
	if y := coordinates(placements(t, p, Query{AllEpochs: true})); y[0] == y[2] {
		t.Error("points that begin on one spot stay there")
	}

	logTraining(t, store, training{name: "b", epochs: []int{1}, samples: 30})
	short := slices.Clone(first)
	short[2].Samples = short[2].Samples[1:]
	bad := slices.Clone(array)
	bad[0].Coordinates = slices.Clone(bad[0].Coordinates)
	bad[0].Coordinates[3] = nan
	small := slices.Clone(array)
	small[2].Coordinates = small[2].Coordinates[:78]
	for name, c := range map[string]struct {
		start []Coordinates
		runs  []string
		want  string
	}{
		"an epoch":         {first[:2], []string{"a"}, "no places for epoch 3"},
		"another run":      {first, []string{"b"}, "no places for epoch 1 of run"},
		"which run":        {array, []string{"a", "b"}, "no places for epoch 1 of run"},
		"a sample":         {short, []string{"a"}, `no place for sample "s0" at epoch 3`},
		"too few":          {small, []string{"a"}, `no place for sample "s39" at epoch 3`},
		"NaN":              {bad, []string{"a"}, `sample "s1" at epoch 1 of run`},
		"an empty start":   {[]Coordinates{}, []string{"a"}, "no places for epoch 1"},
		"other dimensions": {[]Coordinates{{Epoch: 1, Coordinates: []float32{1}}}, []string{"b"}, "no place for sample"},
	} {
		if _, err := from(c.start, c.runs...); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestPreparation: what is done to vectors beforehand is done to those that come later too, and measured with.
func TestPreparation(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: []int{1, 2, 3}, samples: 60, classes: 3, vectors: func(_, i int, v []float32) {
		v[7] = 1e6 * float32(i%7) // one column in another unit, which says nothing
	}}
	run := logTraining(t, store, c)
	plain, err := project(t, store, quick()).Quality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	frame, err := store.Frame(t.Context(), run, "fc1", 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"balanced", "joint"} {
		for name, set := range map[string]func(o *Options){
			"standardize": func(o *Options) { o.Scale = "standardize" },
			"components":  func(o *Options) { o.Scale, o.PCA, o.Dims = "standardize", 9, 3 },
		} {
			o := quick()
			o.Mode = mode
			set(&o)
			p := project(t, store, o)
			q, err := p.Quality(t.Context())
			if err != nil || *q.SilLast < *plain.SilLast+0.1 || *q.SilXLast < *plain.SilXLast+0.1 {
				t.Errorf("%s, %s: silhouettes %.2f and %.2f in the layer, %v; without %.2f and %.2f", mode, name, *q.SilLast, *q.SilXLast, err, *plain.SilLast, *plain.SilXLast)
			}
			again, err := p.measureAgain(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			if again.Seconds = q.Seconds; !reflect.DeepEqual(again, q) {
				t.Errorf("%s, %s: measured again, the quality differs", mode, name)
			}
			y, err := p.Transform(t.Context(), "", 3, frame.Vectors)
			if err != nil {
				t.Fatal(err)
			}
			at, dims, near := placements(t, p, Query{Epoch: 3})[0].Coordinates, o.Dims, 0
			for i := range 60 {
				best := 0
				for j := range 60 {
					if away(y[i*dims:][:dims], at[j*dims:]) < away(y[i*dims:][:dims], at[best*dims:]) {
						best = j
					}
				}
				if best%3 == i%3 {
					near++
				}
			}
			if near < 50 {
				t.Errorf("%s, %s: %d of 60 vectors lie with their class", mode, name, near)
			}
			if _, err := p.Transform(t.Context(), "", 3, make([]float32, 9)); !errors.Is(err, ErrOptions) {
				t.Errorf("%s, %s: prepared columns: %v", mode, name, err)
			}
		}
	}
	o := quick()
	o.PCA = dim + 1
	if _, err := Project(t.Context(), store, nil, o, nil); !errors.Is(err, ErrOptions) {
		t.Errorf("too many components: %v", err)
	}
	logMore(t, store, c, 4)
	o.PCA = 5
	p := extend(t, project(t, store, o))
	if p.Info().Points != 240 {
		t.Errorf("%d points", p.Info().Points)
	}
}

// away is the squared distance of a from the first of b.
func away(a, b []float32) (sum float64) {
	for k, v := range a {
		sum += float64(v-b[k]) * float64(v-b[k])
	}
	return sum
}
