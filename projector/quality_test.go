package projector

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

func TestQualityWithoutLabelsIsNull(t *testing.T) {
	for name, classes := range map[string]int{"no labels": 0, "one class": 1} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			logTraining(t, store, training{name: "a", epochs: []int{1, 2}, samples: 40, classes: classes})
			q, err := project(t, store, quick()).Quality(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(q)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{"sil_first", "sil_last", "silx_first", "silx_last", "sil_corr", "purity_gap", "silhouette", "purity", "separation"} {
				if !strings.Contains(string(text), `"`+key+`":null`) {
					t.Errorf("%s is not null in %s", key, text)
				}
			}
			if q.TrustEpoch == nil || q.KNN15 == nil || q.Motion == nil || q.Epochs[1].Continuity == nil || q.Transitions[0].Original.CKA == nil {
				t.Errorf("a measure that needs no labels is missing: %s", text)
			}
		})
	}
}

// TestQualityAgain: measured again from the store, the quality is what it was when the projection was made.
func TestQualityAgain(t *testing.T) {
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{1, 2, 3}, samples: 40, classes: 2,
		missing: func(epoch, sample int) bool { return epoch == 2 && sample%7 == 0 }})
	o := quick()
	o.Metric = "cosine"
	p := project(t, store, o)
	stored, err := p.Quality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	forget := func() {
		if err := store.Write(t.Context(), func(tx *tracker.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE projection SET quality = NULL")
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	forget()
	again, err := p.Quality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again.Seconds = stored.Seconds; !reflect.DeepEqual(again, stored) {
		t.Errorf("measured again: %+v, want %+v", again, stored)
	}
	forget()
	reader, err := tracker.Open(t.Context(), store.Path(), tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	p, err = Open(t.Context(), reader, "")
	if err != nil {
		t.Fatal(err)
	}
	again, err = p.Quality(t.Context())
	if err != nil {
		t.Fatalf("in a read-only store: %v", err)
	}
	if again.Seconds = stored.Seconds; !reflect.DeepEqual(again, stored) {
		t.Error("measured in a read-only store, the quality differs")
	}
}

// TestQualityOfAnEarlierVersion: what lacks measures that there are by now is measured again, as exactly as before; where the
// vectors are gone, what there is stays good.
func TestQualityOfAnEarlierVersion(t *testing.T) {
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{1, 2, 3}, samples: 30})
	p := project(t, store, quick())
	forget := func() {
		t.Helper()
		if err := store.Write(t.Context(), func(tx *tracker.Tx) error {
			_, err := tx.ExecContext(t.Context(), `UPDATE projection SET quality = '{"exact": true, "revision": 1, "knn50": 0.25}'`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	forget()
	q, err := p.Quality(t.Context())
	if err != nil || !q.Exact || q.MotionIn == nil || q.PMax == nil {
		t.Fatalf("measured again: %+v, %v", q, err)
	}
	forget()
	r, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: "a", Resume: tracker.Must})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.TruncateAfter(t.Context(), -1), r.Finish(t.Context())); err != nil {
		t.Fatal(err)
	}
	for name, get := range map[string]func(context.Context) (*Quality, error){"as it is": p.Quality, "exact": p.ExactQuality} {
		if q, err := get(t.Context()); err != nil || q.KNN50 == nil || *q.KNN50 != 0.25 {
			t.Errorf("%s, without vectors: %+v, %v, want what was stored", name, q, err)
		}
	}
}

func TestInfoJSON(t *testing.T) {
	i := Info{ID: "p", Runs: []string{"r"}, Stages: Stages{{"neighbors", 1.5}, {"layout", 2}}, PeakRSS: 7, Options: Defaults()}
	text, err := json.Marshal(i)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"projection":"p"`, `"stages":{"neighbors":1.5,"layout":2}`, `"peak_rss_bytes":7`, `"n_neighbors":15`, `"min_dist":0.1`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	var back Info
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, i) {
		t.Errorf("read back %+v, %v, want %+v", back, err, i)
	}
	if err := json.Unmarshal([]byte(`{"stages":[1]}`), &back); err == nil {
		t.Error("stages that are no object were read")
	}
}

func TestQualityIsEstimatedForManySamples(t *testing.T) {
	many := func(epochs, samples int) *source {
		src := &source{dim: 1, x: make([]float32, epochs*samples)}
		for range epochs {
			src.frames = append(src.frames, sourceFrame{samples: make([]string, samples)})
		}
		return src
	}
	for name, c := range map[string]struct{ epochs, samples, want int }{
		"a small one": {20, 1500, 0}, "the reference": {20, 2000, 1250}, "all of MNIST": {20, 60000, 256}, "one large epoch": {1, 40000, 1250},
	} {
		if got := sampledRows(many(c.epochs, c.samples)); got != c.want {
			t.Errorf("%s: %d rows, want %d", name, got, c.want)
		}
	}
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{1}, samples: 20})
	p := project(t, store, quick())
	if err := store.Write(t.Context(), func(tx *tracker.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE projection SET quality = '{"exact": false, "revision": 1, "version": 2}'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	q, err := p.Quality(t.Context())
	if err != nil || q.Exact {
		t.Errorf("exact %v, %v: want the stored estimate", q.Exact, err)
	}
	for range 2 {
		if q, err = p.ExactQuality(t.Context()); err != nil || !q.Exact || q.TrustEpoch == nil {
			t.Errorf("exact quality %+v, %v", q, err)
		}
	}
	if q, err = p.Quality(t.Context()); err != nil || !q.Exact {
		t.Errorf("exact %v, %v: want the exact one, which was stored", q.Exact, err)
	}
}

func FuzzStages(f *testing.F) {
	for _, s := range []string{`{}`, `{"neighbors":1.5,"layout":2}`, `[]`, `{"a":`, `{"a":"b"}`, `null`, `{"a":1,"a":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s, again Stages
		if json.Unmarshal(data, &s) != nil {
			return
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &again); err != nil || len(again) != len(s) {
			t.Errorf("%s came back as %s, %v", data, text, err)
		}
	})
}

// TestQualityOfOneEpoch: there is nothing between epochs, which is an empty list in JSON and not null; from a store in which it
// is null, too.
func TestQualityOfOneEpoch(t *testing.T) {
	store := newStore(t)
	logTraining(t, store, training{name: "a", epochs: []int{1}, samples: 40, classes: 2})
	p := project(t, store, quick())
	check := func() {
		t.Helper()
		q, err := p.Quality(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(q)
		if err != nil || !strings.Contains(string(text), `"transitions":[]`) {
			t.Errorf("the quality is %s, %v", text, err)
		}
	}
	check()
	if err := store.Write(t.Context(), func(tx *tracker.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE projection SET quality = replace(quality, '"transitions":[]', '"transitions":null')`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	check()
}
