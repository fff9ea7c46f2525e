package projector

import (
	"errors"
	"math"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestFindNeighborhoods: all samples at once have the same neighbours as one by one.
func TestFindNeighborhoods(t *testing.T) {
	store := newStore(t)
	run := logTraining(t, store, training{name: "a", epochs: []int{1, 2}, samples: 40, classes: 4})
	for _, metric := range []string{"euclidean", "cosine"} {
		o := quick()
		o.Metric = metric
		p := project(t, store, o)
		all, err := FindNeighborhoods(t.Context(), store, run, "fc1", 2, metric, 5)
		if err != nil || all.K != 5 || len(all.Near) != 40*5 {
			t.Fatalf("%+v, %v", all, err)
		}
		for _, i := range []int{0, 7, 39} {
			one, err := p.Neighbors(t.Context(), 2, all.Samples[i], 5)
			if err != nil {
				t.Fatal(err)
			}
			for j, n := range one {
				if got := all.Samples[all.Near[i*5+j]]; got != n.Sample {
					t.Errorf("%s: neighbour %d of %s is %s, want %s", metric, j, all.Samples[i], got, n.Sample)
				}
			}
		}
	}
	if n, err := FindNeighborhoods(t.Context(), store, run, "fc1", 1, "euclidean", 100); err != nil || n.K != 39 {
		t.Errorf("of 39 others there are %d, %v", n.K, err)
	}
	if _, err := FindNeighborhoods(t.Context(), store, run, "fc1", 1, "taste", 5); !errors.Is(err, ErrOptions) {
		t.Errorf("an unknown metric: %v", err)
	}
	if _, err := FindNeighborhoods(t.Context(), store, run, "fc1", 9, "euclidean", 5); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("an unknown epoch: %v", err)
	}
}

// TestPointTrust: the points' terms have the epoch's trustworthiness as their mean.
func TestPointTrust(t *testing.T) {
	store := newStore(t)
	run := logTraining(t, store, training{name: "a", epochs: []int{1, 2}, samples: 40, classes: 4})
	p := project(t, store, quick())
	q, err := p.Quality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range q.Epochs {
		samples, trust, err := p.PointTrust(t.Context(), run, e.Epoch)
		if err != nil || len(trust) != 40 || len(samples) != 40 {
			t.Fatalf("%v, %v", trust, err)
		}
		sum := 0.0
		for _, v := range trust {
			sum += v
		}
		if want := *e.Trustworthiness; math.Abs(sum/40-want) > 1e-12 {
			t.Errorf("epoch %d: the mean of the points is %g, want %g", e.Epoch, sum/40, want)
		}
	}
	if _, _, err := p.PointTrust(t.Context(), run, 9); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("an unknown epoch: %v", err)
	}
}
