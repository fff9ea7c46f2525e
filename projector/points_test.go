package projector

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/internal/brute"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

func TestPoints(t *testing.T) {
	store := newStore(t)
	run := logTraining(t, store, training{name: "a", epochs: []int{0, 1, 2}, samples: 40, classes: 4})
	o := quick()
	o.Dims = 3
	p := project(t, store, o)
	points, err := p.Points(t.Context(), Query{})
	if err != nil || len(points) != 40 {
		t.Fatalf("%d points, %v: epoch 0 is an epoch", len(points), err)
	}
	placed := placements(t, p, Query{Epoch: 0})[0]
	for i, pt := range points {
		want := Point{run, 0, fmt.Sprint("s", i), fmt.Sprint("class ", i%4), "epoch 0",
			float64(placed.Coordinates[3*i]), float64(placed.Coordinates[3*i+1]), float64(placed.Coordinates[3*i+2])}
		if pt != want {
			t.Fatalf("point %+v, want %+v", pt, want)
		}
	}
	all, err := p.Points(t.Context(), Query{AllEpochs: true})
	if err != nil || len(all) != 120 {
		t.Errorf("%d points in all, %v", len(all), err)
	}
	some, err := p.Points(t.Context(), Query{Run: "a", Epoch: 2, Samples: []string{"s9", "s3", "s9"}})
	if err != nil || len(some) != 2 || some[0] != all[83] || some[1] != all[89] {
		t.Errorf("points %+v, %v, want s3 and s9", some, err)
	}
	path, err := p.Trajectory(t.Context(), Query{Samples: []string{"s5"}})
	if want := []Point{all[5], all[45], all[85]}; err != nil || !reflect.DeepEqual(path, want) {
		t.Errorf("trajectory %+v, %v, want %+v", path, err, want)
	}
	if _, err := p.Trajectory(t.Context(), Query{Epoch: 2}); err == nil {
		t.Error("a trajectory of one epoch was accepted")
	}
	for name, q := range map[string]Query{
		"epoch": {Epoch: 9}, "sample": {Epoch: 1, Samples: []string{"s1", "x"}}, "run": {Run: "nobody", Epoch: 1},
	} {
		if _, err := p.Points(t.Context(), q); !errors.Is(err, tracker.ErrNotFound) {
			t.Errorf("unknown %s: %v", name, err)
		}
	}
}

func TestNeighbors(t *testing.T) {
	store := newStore(t)
	run := logTraining(t, store, training{name: "a", epochs: []int{1, 2}, samples: 40, classes: 4})
	o := quick()
	for _, metric := range []string{"euclidean", "cosine", "manhattan"} {
		o.Metric = metric
		p := project(t, store, o)
		near, err := p.Neighbors(t.Context(), 2, "s7", 10)
		if err != nil || len(near) != 10 {
			t.Fatalf("%v, %v", near, err)
		}
		frame, err := store.Frame(t.Context(), run, "fc1", 2)
		if err != nil {
			t.Fatal(err)
		}
		closer := 0
		for i, id := range frame.IDs {
			d := brute.Distances[metric](frame.Vectors[7*dim:8*dim], frame.Vectors[i*dim:(i+1)*dim])
			if id != "s7" && d <= near[9].Distance+1e-12 { // which was measured in another order of terms
				closer++
			}
		}
		if closer != 10 || near[0].Distance > near[9].Distance || near[0].Label != "class 3" {
			t.Errorf("%s: %d samples within the tenth distance, neighbours %+v", metric, closer, near)
		}
		if all, err := p.Neighbors(t.Context(), 1, "s0", 1000); err != nil || len(all) != 39 {
			t.Errorf("%d neighbours of 40 samples, %v", len(all), err)
		}
		for name, err := range map[string]error{
			"sample": second(p.Neighbors(t.Context(), 1, "nobody", 3)),
			"epoch":  second(p.Neighbors(t.Context(), 7, "s1", 3)),
			"run":    second(p.NeighborsIn(t.Context(), "nobody", 1, "s1", 3)),
		} {
			if !errors.Is(err, tracker.ErrNotFound) {
				t.Errorf("unknown %s: %v", name, err)
			}
		}
		if _, err := p.Neighbors(t.Context(), 1, "s1", 0); !errors.Is(err, ErrOptions) {
			t.Errorf("k = 0: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestListOpenDelete(t *testing.T) {
	store := newStore(t)
	a := logTraining(t, store, training{name: "a", epochs: []int{1}, samples: 20})
	b := logTraining(t, store, training{name: "b", epochs: []int{1}, samples: 20})
	first, newest := project(t, store, quick(), a), project(t, store, quick(), b)
	list, err := List(t.Context(), store, "")
	if err != nil || len(list) != 2 || list[0].ID != newest.Info().ID || list[1].ID != first.Info().ID {
		t.Errorf("list %+v, %v: want the newest first", list, err)
	}
	if list, err := List(t.Context(), store, "a"); err != nil || len(list) != 1 || list[0].ID != first.Info().ID {
		t.Errorf("list of a %+v, %v", list, err)
	}
	if _, err := List(t.Context(), store, "nobody"); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("list of an unknown run: %v", err)
	}
	if p, err := Open(t.Context(), store, ""); err != nil || p.Info().ID != newest.Info().ID {
		t.Errorf("newest: %v, %v", p, err)
	}
	if err := Delete(t.Context(), store, newest.Info().ID); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"open":    second(Open(t.Context(), store, newest.Info().ID)),
		"delete":  Delete(t.Context(), store, newest.Info().ID),
		"points":  second(newest.Points(t.Context(), Query{Epoch: 1})),
		"quality": second(newest.Quality(t.Context())),
	} {
		if !errors.Is(err, tracker.ErrNotFound) {
			t.Errorf("%s after delete: %v", name, err)
		}
	}
	var points, frames int
	err = store.Read(t.Context(), func(tx *tracker.Tx) error {
		return errors.Join(tx.QueryRowContext(t.Context(), "SELECT count(*) FROM point").Scan(&points), tx.QueryRowContext(t.Context(), "SELECT count(*) FROM projection_frame").Scan(&frames))
	})
	if err != nil || points != 20 || frames != 1 {
		t.Errorf("%d points and %d frames are left, %v: want those of the first projection", points, frames, err)
	}
}

// TestOutlivesEpochs: a projection stays readable when its epochs are replaced or deleted.
func TestOutlivesEpochs(t *testing.T) {
	store := newStore(t)
	c := training{name: "a", epochs: []int{1, 2, 3}, samples: 40, classes: 2}
	run := logTraining(t, store, c)
	p := project(t, store, quick())
	before := placements(t, p, Query{AllEpochs: true})
	r, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: "a", Resume: tracker.Must})
	if err != nil {
		t.Fatal(err)
	}
	c.missing = func(_, sample int) bool { return sample < 10 }
	c.layers = []string{"fc1"}
	if err := errors.Join(r.TruncateAfter(t.Context(), 2), r.Log(t.Context(), c.epoch(2)), r.Finish(t.Context())); err != nil {
		t.Fatal(err)
	}
	p, err = Open(t.Context(), store, p.Info().ID)
	if err != nil {
		t.Fatal(err)
	}
	if after := placements(t, p, Query{AllEpochs: true}); !reflect.DeepEqual(after, before) {
		t.Error("placements changed with the epochs")
	}
	points, err := p.Points(t.Context(), Query{Run: run, Epoch: 3})
	if err != nil || len(points) != 40 || points[0].Prediction != "" || points[0].Label != "class 0" {
		t.Errorf("points of a deleted epoch: %d, %v", len(points), err)
	}
	if _, err := p.Quality(t.Context()); err != nil {
		t.Errorf("quality: %v", err)
	}
	if _, err := p.Neighbors(t.Context(), 3, "s1", 3); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("neighbours at a deleted epoch: %v", err)
	}
}
