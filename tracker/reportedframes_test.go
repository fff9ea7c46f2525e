package tracker

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
)

func loggedAgain(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 2)
	for _, salt := range []float64{0, 0.25, 0.5} {
		logged(t, r, 1, 2, salt)
		f, err := s.Frame(ctx, "", "", 1)
		must(t, err)
		out, err := s.Outputs(ctx, "", 1)
		must(t, err)
		if f.Vectors[0] != 1+float32(salt) || out.Losses[0] != salt {
			t.Errorf("after logging %v again: %v, %v", salt, f.Vectors, out.Losses)
		}
		wantSeries(t, s, "loss", fmt.Sprint("100:", salt))
	}
}

func everyEpochIsKept(t *testing.T, s *Store) {
	r := newRun(t, s, "cnn", 2)
	for e := range 10 {
		logged(t, r, e, 2, 0)
	}
	for e := range 10 {
		if f, err := s.Frame(context.Background(), "", "", e); err != nil || f.Vectors[0] != float32(e) {
			t.Errorf("epoch %d: %v, %v", e, f.Vectors, err)
		}
	}
}

func largeFrame(t *testing.T, s *Store) {
	const n, dim = 3000, 1024 // 12 MB
	r := newRun(t, s, "cnn", n)
	v := someVectors(1, n, dim)
	must(t, r.Log(context.Background(), Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}}))
	if f, err := s.Frame(context.Background(), "", "", 1); err != nil || !slices.Equal(f.Vectors, v) {
		t.Errorf("12 MB are not what was logged: %v", err)
	}
}

func manyColumns(t *testing.T, s *Store) {
	const dim = 50_000
	r := newRun(t, s, "cnn", 2)
	v := someVectors(1, 2, dim)
	must(t, r.Log(context.Background(), Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}}))
	if f, err := s.Frame(context.Background(), "", "", 1); err != nil || !slices.Equal(f.Vectors, v) {
		t.Errorf("%d columns are not what was logged: %v", dim, err)
	}
}

func anyMetadata(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 0)
	type box struct{ X, Y int }
	must(t, r.AddSamples(ctx, []Sample{{ID: "0", Metadata: map[string]any{"list": []string{"a"}, "bool": true, "struct": box{1, 2}, "none": nil}}}))
	list, err := s.Samples(ctx, "")
	want := map[string]any{"list": []any{"a"}, "bool": true, "struct": map[string]any{"X": "1", "Y": "2"}, "none": nil}
	if err != nil || len(list) != 1 || fmt.Sprint(list[0].Metadata) != fmt.Sprint(want) || !reflect.DeepEqual(list[0].Metadata["list"], want["list"]) {
		t.Errorf("metadata %v, %v, want %v", list[0].Metadata, err, want)
	}
}

// absentSample also shows samples that appear later, and frames of some samples only.
func absentSample(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 3)
	layer := func(ids ...string) []Layer {
		v := make([]float32, len(ids))
		for i, id := range ids {
			fmt.Sscan(id, &v[i])
		}
		return []Layer{{Name: "fc1", Dim: 1, Vectors: v, IDs: ids}}
	}
	must(t,
		r.Log(ctx, Epoch{Number: 1, Layers: layer("0", "1", "2")}),
		r.Log(ctx, Epoch{Number: 2, Layers: layer("2", "0")}),
		r.AddSamples(ctx, []Sample{{ID: "7"}}),
		r.Log(ctx, Epoch{Number: 3, Layers: layer("7", "1")}),
	)
	for e, want := range map[int][]string{1: {"0", "1", "2"}, 2: {"2", "0"}, 3: {"7", "1"}} {
		f, err := s.Frame(ctx, "", "", e)
		if err != nil || !slices.Equal(f.IDs, want) {
			t.Errorf("epoch %d has samples %v, %v, want %v", e, f.IDs, err, want)
		}
		for i, id := range f.IDs {
			if fmt.Sprint(f.Vectors[i]) != id {
				t.Errorf("epoch %d: sample %s has the vector %v", e, id, f.Vectors[i])
			}
		}
	}
}

func reusedBuffer(t *testing.T, s *Store) {
	ctx := context.Background()
	r := asyncRun(t, s, RunConfig{Name: "cnn"}, 2)
	unblock := block(t, s)
	defer unblock()
	buffer := []float32{1, 2}
	for e := 1; e <= 3; e++ {
		buffer[0] = float32(e)
		must(t, r.Log(ctx, Epoch{Number: e, Layers: []Layer{{Name: "fc1", Dim: 1, Vectors: buffer}}}))
	}
	buffer[0] = 99
	unblock()
	must(t, r.Flush(ctx))
	for e := 1; e <= 3; e++ {
		if f, err := s.Frame(ctx, "", "", e); err != nil || f.Vectors[0] != float32(e) {
			t.Errorf("epoch %d: %v, %v", e, f.Vectors, err)
		}
	}
}
