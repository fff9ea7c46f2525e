package tracker

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

// longName returns n bytes that no database can make shorter before it puts them into an index.
func longName(n int) string {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	b := []byte("é")
	for len(b) < n {
		b = append(b, byte('!'+random.IntN('~'-'!')))
	}
	return string(b)
}

// TestLongNames stores IDs and names that are as long as they may be, and others that are a byte longer, which every database
// refuses in the same words, before anything of the call is stored.
func TestLongNames(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	fits, long := longName(MaxText), longName(MaxText+1)
	log := func(r *Run, name string) error {
		return r.Log(ctx, Epoch{Number: 1, Layers: []Layer{{Name: name, Dim: 2, Vectors: someVectors(1, 3, 2)}}})
	}
	for _, test := range []struct {
		name, field, want string
		store             func(r *Run, name string) error
	}{
		{"sample", "id", "sample ID ", func(r *Run, name string) error {
			return r.AddSamples(ctx, []Sample{{ID: "first"}, {ID: name}})
		}},
		{"layer", "", "layer ", log},
		{"layer of a frame", "", "layer ", func(r *Run, name string) error {
			f, err := r.NewFrame(ctx, 1, name, 2)
			if err != nil {
				return err
			}
			return errors.Join(f.Append([]string{"1"}, []float32{1, 2}), f.Commit(ctx))
		}},
		{"metric of an epoch", "metric", "metric name ", func(r *Run, name string) error {
			return r.Log(ctx, Epoch{Number: 1, Metrics: Metrics{name: 1}})
		}},
		{"metric between epochs", "metric", "metric name ", func(r *Run, name string) error {
			return r.LogMetrics(ctx, 1, Metrics{name: 1})
		}},
		{"batch", "id", "sample ID ", func(r *Run, name string) error {
			_, err := r.Write(ctx, Batch{Samples: []Sample{{ID: name}}, Epochs: []Epoch{{Number: 1, Metrics: Metrics{"loss": 1}}}, Key: "k"})
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRun(t, s, test.name, 3)
			err := test.store(r, long)
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "has 1025 bytes, at most 1024 are allowed") ||
				len(err.Error()) > 300 {
				t.Errorf("1025 bytes: %v", err)
			}
			var v *ValueError
			if errors.As(err, &v) != (test.field != "") || v != nil && v.Field != test.field {
				t.Errorf("the error blames %+v, want a %q", v, test.field)
			}
			samples, err := s.Samples(ctx, r.ID())
			epochs, eerr := s.Epochs(ctx, r.ID())
			metrics, merr := s.Metrics(ctx, r.ID())
			if err := errors.Join(err, eerr, merr); err != nil || len(samples) != 3 || len(epochs) != 0 || len(metrics) != 0 {
				t.Errorf("after it was refused: %d samples, %d epochs, %d metrics: %v", len(samples), len(epochs), len(metrics), err)
			}
			if err := test.store(r, fits); err != nil {
				t.Errorf("1024 bytes: %v", err)
			}
		})
	}
	t.Run("async", func(t *testing.T) {
		r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "async", Async: true})
		if err == nil {
			err = r.AddSamples(ctx, someSamples(3))
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := log(r, long); !errors.Is(err, ErrInvalid) {
			t.Errorf("Log of 1025 bytes: %v", err)
		}
		if err := errors.Join(log(r, fits), r.Flush(ctx)); err != nil {
			t.Errorf("after it was refused: %v", err)
		}
	})
}

// TestLongNamesStored reads what was stored under longer names when there was no limit.
func TestLongNamesStored(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "old", 3)
	if err := r.Log(ctx, Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: 2, Vectors: someVectors(1, 3, 2)}}, Metrics: Metrics{"loss": 1}}); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("long ", 1000)
	err := s.Write(ctx, func(tx *Tx) error {
		for _, query := range []string{"UPDATE sample SET uid = ? || uid", "UPDATE frame SET layer = ? || layer, seal = -1",
			"UPDATE run SET ids_sum = -1, labels_sum = -1, metadata_sum = -1 WHERE name <> ?", "UPDATE metric SET name = ? || name"} {
			if _, err := tx.ExecContext(ctx, query, long); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s = newStoreAt(t, s.Path())
	frame, err := s.Frame(ctx, "old", long+"fc1", 1)
	if err != nil || len(frame.IDs) != 3 || frame.IDs[2] != long+"2" || len(frame.Vectors) != 6 {
		t.Errorf("the frame has IDs of %d, %d floats: %v", len(frame.IDs), len(frame.Vectors), err)
	}
	if metrics, err := s.Metrics(ctx, "old", long+"loss"); err != nil || len(metrics) != 1 {
		t.Errorf("%d metrics: %v", len(metrics), err)
	}
	r, err = s.Start(ctx, RunConfig{Experiment: "test", Name: "old", Resume: Must})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Log(ctx, Epoch{Number: 2, Layers: []Layer{{Name: "fc2", Dim: 2, Vectors: someVectors(2, 3, 2)}}}); err != nil {
		t.Errorf("another epoch: %v", err)
	}
}
