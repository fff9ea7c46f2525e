package tracker

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
)

func TestFloat16Run(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	const n, dim = 700, 1000 // two chunks
	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "half", Float16: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddSamples(ctx, someSamples(n)); err != nil {
		t.Fatal(err)
	}
	v := someVectors(3, n, dim)
	v[5] = -65504
	if err := r.Log(ctx, Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}}); err != nil {
		t.Fatal(err)
	}
	f, err := s.Frame(ctx, "half", "fc1", 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range f.Vectors {
		if math.Abs(float64(x-v[i])) > 1.0/2048*math.Abs(float64(v[i])) {
			t.Fatalf("float %d = %v, logged %v", i, x, v[i])
		}
	}
	if frames, err := s.Frames(ctx, "half"); len(frames) != 1 || !frames[0].Float16 || err != nil {
		t.Errorf("Frames = %+v, %v", frames, err)
	}
	query := "SELECT count(*), min(length(vector)), max(length(vector)), min(dtype), CASE WHEN max(norm) > 65000 THEN 1 ELSE 0 END FROM vectors"
	if got := table(t, reader(s), query); got != "[[700 2000 2000 float16 1]]" {
		t.Errorf("view: %s", got)
	}
	const small = "SELECT sum(length(data)) FROM chunk"
	if got := table(t, reader(s), small); got != "[[1400000]]" {
		t.Errorf("bytes stored: %s", got)
	}
	v[2*dim+7] = 65520
	err = r.Log(ctx, Epoch{Number: 2, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), `sample "2" has 65520 at column 7, and float16 ends at 65504`) {
		t.Errorf("Log of a number beyond float16 = %v", err)
	}
	// The same run may go on in float32: each frame says what it is.
	if err := r.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if r, err = s.Start(ctx, RunConfig{Experiment: "test", Name: "half", Resume: Must}); err != nil {
		t.Fatal(err)
	}
	if err := r.Log(ctx, Epoch{Number: 2, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}}); err != nil {
		t.Fatal(err)
	}
	if f, err = s.Frame(ctx, "half", "fc1", 2); err != nil || f.Vectors[2*dim+7] != 65520 {
		t.Errorf("Frame = %v", err)
	}
}
