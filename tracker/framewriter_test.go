package tracker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestNewFrame has eight ranks append batches of two frames at the same time.
func TestNewFrame(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	const n, dim, batch = 800, 16, 25
	r := newRun(t, s, "cnn", n)
	want := someVectors(1, n, dim)
	f, err := r.NewFrame(ctx, 1, "fc1", dim)
	if err != nil {
		t.Fatal(err)
	}
	var ranks sync.WaitGroup
	for rank := range 8 {
		ranks.Go(func() {
			buffer := make([]float32, batch*dim) // that each batch reuses
			for first := rank * batch; first < n; first += 8 * batch {
				var ids []string
				for i := range batch {
					ids = append(ids, fmt.Sprint(first+batch-1-i)) // backwards
					copy(buffer[i*dim:], want[(first+batch-1-i)*dim:][:dim])
				}
				if err := f.Append(ids, buffer); err != nil {
					t.Error(err)
				}
			}
		})
	}
	ranks.Wait()
	if got := numbers(t, s, "cnn"); got != nil {
		t.Errorf("epochs %v before the commit", got)
	}
	if err := f.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	got, err := s.Frame(ctx, "cnn", "fc1", 1)
	if err != nil || !slices.Equal(got.Vectors, want) || got.IDs[799] != "799" {
		t.Errorf("the frame is not what was appended: %v", err)
	}
	// It is as if Log had written it: no list of samples of its own.
	if err := r.Log(ctx, Epoch{Number: 2, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: want}}}); err != nil {
		t.Fatal(err)
	}
	if got := table(t, reader(s), "SELECT count(*) FROM roster"); got != "[[1]]" {
		t.Errorf("%s lists of samples, want 1", got)
	}
	if err := f.Append([]string{"1"}, want[:dim]); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "stored already") {
		t.Errorf("Append after Commit = %v", err)
	}
	if err := f.Commit(ctx); !errors.Is(err, ErrInvalid) {
		t.Errorf("second Commit = %v", err)
	}
}

// committed commits a frame of one column with this value.
func committed(t *testing.T, r *Run, epoch int, layer string, value float32) {
	t.Helper()
	ctx := context.Background()
	f, err := r.NewFrame(ctx, epoch, layer, 1)
	if err == nil {
		err = errors.Join(f.Append([]string{"1"}, []float32{value}), f.Append([]string{"0"}, []float32{value}))
	}
	if err == nil {
		err = f.Commit(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCommitAndLog says what an epoch holds after commits and logs of it in any order.
func TestCommitAndLog(t *testing.T) {
	ctx := context.Background()
	log := func(r *Run, layers ...string) {
		t.Helper()
		e := Epoch{Number: 1, Step: 10, Metrics: Metrics{"loss": 1}}
		for _, l := range layers {
			e.Layers = append(e.Layers, Layer{Name: l, Dim: 1, Vectors: []float32{9, 9}})
		}
		if err := r.Log(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	resume := func(s *Store, r *Run) *Run {
		if err := r.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Resume: Must})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, test := range []struct {
		name string
		do   func(s *Store, r *Run)
		want string // layers and their first value
	}{
		{"commit", func(s *Store, r *Run) { committed(t, r, 1, "a", 1) }, "a 1"},
		{"commit two", func(s *Store, r *Run) { committed(t, r, 1, "a", 1); committed(t, r, 1, "b", 2) }, "a 1, b 2"},
		{"commit again", func(s *Store, r *Run) { committed(t, r, 1, "a", 1); committed(t, r, 1, "a", 2) }, "a 2"},
		{"commit, log", func(s *Store, r *Run) { committed(t, r, 1, "a", 1); log(r) }, "a 1"},
		{"commit, log others", func(s *Store, r *Run) { committed(t, r, 1, "a", 1); log(r, "b") }, "a 1, b 9"},
		{"commit, log the same", func(s *Store, r *Run) { committed(t, r, 1, "a", 1); log(r, "a") }, "a 9"},
		{"log, commit", func(s *Store, r *Run) { log(r, "b"); committed(t, r, 1, "a", 1) }, "a 1, b 9"},
		{"log, commit the same", func(s *Store, r *Run) { log(r, "a", "b"); committed(t, r, 1, "a", 1) }, "a 1, b 9"},
		{"commit, log, log", func(s *Store, r *Run) { committed(t, r, 1, "a", 1); log(r, "b"); log(r, "c") }, "c 9"},
		{"log, commit, log", func(s *Store, r *Run) { log(r, "b"); committed(t, r, 1, "a", 1); log(r) }, "a 1"},
		{"resumed, log", func(s *Store, r *Run) { committed(t, r, 1, "a", 1); log(resume(s, r), "b") }, "b 9"},
		{"logged, resumed, commit, log", func(s *Store, r *Run) {
			log(r, "a", "b")
			r = resume(s, r)
			committed(t, r, 1, "a", 1)
			log(r)
		}, "a 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStore(t)
			r := newRun(t, s, "cnn", 2)
			test.do(s, r)
			frames, err := s.Frames(ctx, "cnn")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, info := range frames {
				f, err := s.Frame(ctx, "cnn", info.Layer, info.Epoch)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprint(f.Layer, " ", f.Vectors[0]))
			}
			slices.Sort(got)
			if strings.Join(got, ", ") != test.want {
				t.Errorf("the epoch has %v, want %s", got, test.want)
			}
			ms, err := s.Metrics(ctx, "cnn")
			if logs := strings.Contains(test.name, "log"); (len(ms) == 1) != logs || err != nil {
				t.Errorf("metrics %v, %v", ms, err)
			}
		})
	}
}

// TestEpochFrames gives frames that came in parts to Log, which stores the epoch whole or not at all.
func TestEpochFrames(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 3)
	f, err := r.NewFrame(ctx, 1, "late", 2)
	if err == nil {
		err = errors.Join(f.Append([]string{"2"}, []float32{5, 6}), f.Append([]string{"0"}, []float32{1, 2}))
	}
	if err != nil {
		t.Fatal(err)
	}
	e := Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: 1, Vectors: []float32{1, 2}}}, Frames: []*FrameWriter{f}, Metrics: Metrics{"a": 1}}
	if err := r.Log(ctx, e); !errors.Is(err, ErrInvalid) { // fc1 has too few rows
		t.Fatalf("Log = %v", err)
	}
	if got := numbers(t, s, "cnn"); got != nil {
		t.Errorf("epochs %v after a refusal", got)
	}
	if err := f.Append([]string{"1"}, []float32{3, 4}); err != nil {
		t.Fatal(err)
	}
	e.Layers[0].Vectors = []float32{1, 2, 3}
	if err := r.Log(ctx, Epoch{Number: 2, Frames: e.Frames}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "is for run test/cnn, epoch 1") {
		t.Errorf("Log of another epoch = %v", err)
	}
	if err := r.Log(ctx, e); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Frame(ctx, "cnn", "late", 1); err != nil || !slices.Equal(got.Vectors, []float32{1, 2, 3, 4, 5, 6}) {
		t.Errorf("Frame = %+v, %v", got, err)
	}
	if err := f.Append([]string{"1"}, []float32{3, 4}); !errors.Is(err, ErrInvalid) {
		t.Errorf("Append after Log = %v", err)
	}
}

func TestFrameRefuses(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 5)
	if err := r.Log(ctx, Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: 3, Vectors: make([]float32, 15)}}}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		layer      string
		epoch, dim int
		want       string
	}{
		{"", 2, 1, "name must be text"}, {"fc1", 2, 0, "has 0 columns"}, {"fc1", -1, 3, "negative"},
		{"fc1", 2, 4, `run test/cnn, epoch 2: layer "fc1": has 4 columns, expected 3 as at epoch 1`},
	} {
		if _, err := r.NewFrame(ctx, test.epoch, test.layer, test.dim); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("NewFrame(%d, %q, %d) = %v, want %q", test.epoch, test.layer, test.dim, err, test.want)
		}
	}
	f, err := r.NewFrame(ctx, 2, "fc1", 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(ctx); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "nothing was appended") {
		t.Errorf("Commit of nothing = %v", err)
	}
	if err := f.Append([]string{"0", "1"}, make([]float32, 6)); err != nil {
		t.Fatal(err)
	}
	nan := float32(math.NaN())
	for _, test := range []struct {
		name    string
		ids     []string
		vectors []float32
		want    string
	}{
		{"NaN", []string{"2", "3"}, []float32{1, 2, 3, 4, nan, 6}, `run test/cnn, epoch 2: layer "fc1": sample "3" has NaN at column 1`},
		{"again", []string{"2", "1"}, make([]float32, 6), `sample "1" has a vector already`},
		{"twice", []string{"2", "2"}, make([]float32, 6), `sample "2" is given twice`},
		{"unknown", []string{"2", "x"}, make([]float32, 6), `sample "x" is not known`},
		{"floats", []string{"2", "3"}, make([]float32, 8), "has 8 floats (4 columns), expected 2 samples × 3 columns = 6"},
		{"none", nil, make([]float32, 6), "names no samples"},
	} {
		if err := f.Append(test.ids, test.vectors); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Append = %v, want %q", test.name, err, test.want)
		}
	}
	if err := f.Append([]string{"4", "2"}, make([]float32, 6)); err != nil { // nothing of what was refused is there
		t.Error(err)
	}
	if err := f.Commit(ctx); err != nil {
		t.Error(err)
	}
	if got, err := s.Frame(ctx, "cnn", "fc1", 2); err != nil || !slices.Equal(got.IDs, []string{"0", "1", "2", "4"}) {
		t.Errorf("Frame = %+v, %v", got, err)
	}
	if err := r.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	f, err = r.NewFrame(ctx, 3, "fc1", 3)
	if err == nil {
		err = f.Append([]string{"0"}, make([]float32, 3))
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a failed Commit can be tried again
		if err := f.Commit(ctx); !errors.Is(err, ErrRunEnded) {
			t.Errorf("Commit after the end = %v", err)
		}
	}
}

// TestEvery keeps the vectors of epochs 0, 3 and 6 only, and all else of each.
func TestEvery(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Every: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddSamples(ctx, someSamples(2)); err != nil {
		t.Fatal(err)
	}
	for e := range 8 {
		logged(t, r, e, 2, 0.5)
		committed(t, r, e, "other", 1)
	}
	frames, err := s.Frames(ctx, "cnn")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range frames {
		got = append(got, fmt.Sprint(f.Layer, f.Epoch))
	}
	if want := []string{"fc10", "fc13", "fc16", "other0", "other3", "other6"}; !slices.Equal(got, want) {
		t.Errorf("frames %v, want %v", got, want)
	}
	if got := numbers(t, s, "cnn"); len(got) != 8 {
		t.Errorf("epochs %v, want all 8", got)
	}
	if ms, err := s.Metrics(ctx, "cnn", "loss"); len(ms) != 8 || err != nil {
		t.Errorf("%d metrics, %v, want 8", len(ms), err)
	}
	if out, err := s.Outputs(ctx, "cnn", 4); len(out.Losses) != 2 || err != nil {
		t.Errorf("outputs %+v, %v", out, err)
	}
	if !r.Keeps(0) || r.Keeps(1) || !r.Keeps(3) {
		t.Error("Keeps does not say so")
	}
	// What is not kept is checked all the same: a mistake shows at the first epoch.
	if err := r.Log(ctx, Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: 1, Vectors: []float32{1}}}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("Log = %v, want ErrInvalid", err)
	}
}
