package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// framesOf returns the frames of a run, as "layer@epoch=first number".
func framesOf(t *testing.T, s *Store, run string) []string {
	t.Helper()
	ctx := context.Background()
	frames, err := s.Frames(ctx, run)
	must(t, err)
	var list []string
	for _, f := range frames {
		frame, err := s.Frame(ctx, run, f.Layer, f.Epoch)
		must(t, err)
		list = append(list, fmt.Sprintf("%s@%d=%v", f.Layer, f.Epoch, frame.Vectors[0]))
	}
	return list
}

// TestEveryKeepsLast: with Every, the vectors of the last epoch are kept when the run ends, whatever its number is.
func TestEveryKeepsLast(t *testing.T) {
	ctx := context.Background()
	finish := func(r *Run) error { return r.Finish(ctx) }
	epochs := func(from, to int) func(t *testing.T, r *Run) {
		return func(t *testing.T, r *Run) {
			for e := from; e <= to; e++ {
				logged(t, r, e, 2, 0.5)
			}
		}
	}
	both := []bool{false, true}
	for _, test := range []struct {
		name string
		log  func(t *testing.T, r *Run)
		end  func(*Run) error
		want []string
	}{
		{"twelve epochs", epochs(1, 12), finish, []string{"fc1@5=5.5", "fc1@10=10.5", "fc1@12=12.5"}},
		{"a multiple", epochs(1, 10), finish, []string{"fc1@5=5.5", "fc1@10=10.5"}},
		{"fewer than one multiple", epochs(1, 3), finish, []string{"fc1@3=3.5"}},
		{"stopped", epochs(1, 7), func(r *Run) error { return r.Stop(ctx) }, []string{"fc1@5=5.5", "fc1@7=7.5"}},
		{"failed", epochs(1, 7), func(r *Run) error { return r.Fail(ctx, errors.New("NaN")) }, []string{"fc1@5=5.5", "fc1@7=7.5"}},
		{"given up", epochs(1, 7), func(r *Run) error { r.Release(); return nil }, []string{"fc1@5=5.5"}},
		{"backwards", func(t *testing.T, r *Run) {
			for e := 7; e >= 0; e-- {
				logged(t, r, e, 2, 0.5)
			}
		}, finish, []string{"fc1@0=0.5", "fc1@5=5.5", "fc1@7=7.5"}},
		{"logged again", func(t *testing.T, r *Run) {
			epochs(1, 7)(t, r)
			logged(t, r, 7, 2, 0.25)
			logged(t, r, 6, 2, 0.25)
		}, finish, []string{"fc1@5=5.5", "fc1@7=7.25"}},
		{"logged again without vectors", func(t *testing.T, r *Run) {
			epochs(1, 7)(t, r)
			must(t, r.Log(ctx, Epoch{Number: 7}))
		}, finish, []string{"fc1@5=5.5"}},
		{"metrics alone at the end", func(t *testing.T, r *Run) {
			epochs(1, 7)(t, r)
			must(t, r.Log(ctx, Epoch{Number: 8, Metrics: Metrics{"loss": 1}}))
		}, finish, []string{"fc1@5=5.5", "fc1@7=7.5"}},
		{"truncated", func(t *testing.T, r *Run) {
			epochs(1, 7)(t, r)
			must(t, r.TruncateAfter(ctx, 6))
		}, finish, []string{"fc1@5=5.5"}},
		{"truncated and logged again", func(t *testing.T, r *Run) {
			epochs(1, 7)(t, r)
			must(t, r.TruncateAfter(ctx, 5))
			logged(t, r, 6, 2, 0.25)
		}, finish, []string{"fc1@5=5.5", "fc1@6=6.25"}},
		{"a layer by itself", func(t *testing.T, r *Run) {
			epochs(5, 6)(t, r)
			committed(t, r, 7, "other", 1)
			logged(t, r, 7, 2, 0.5)
			committed(t, r, 7, "third", 2)
			committed(t, r, 7, "third", 3)
		}, finish, []string{"fc1@5=5.5", "fc1@7=7.5", "other@7=1", "third@7=3"}},
		{"refused", func(t *testing.T, r *Run) {
			epochs(1, 7)(t, r)
			err := r.Log(ctx, Epoch{Number: 8, Layers: []Layer{{Name: "fc1", Dim: 2, Vectors: make([]float32, 4)}}})
			if r.queue == nil && !errors.Is(err, ErrInvalid) {
				t.Errorf("Log of another width = %v", err)
			}
		}, finish, []string{"fc1@5=5.5", "fc1@7=7.5"}},
	} {
		for _, async := range both {
			t.Run(fmt.Sprintf("%s, async %v", test.name, async), func(t *testing.T) {
				s := newStore(t)
				r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Every: 5, Async: async, OnError: func(err error) error {
					if async {
						return nil
					}
					return err
				}})
				must(t, err)
				must(t, r.AddSamples(ctx, someSamples(2)))
				test.log(t, r)
				must(t, test.end(r))
				got := framesOf(t, s, "cnn")
				slices.Sort(got)
				slices.Sort(test.want)
				if !slices.Equal(got, test.want) {
					t.Errorf("frames %q, want %q", got, test.want)
				}
			})
		}
	}
}

// TestEveryKeepsNoSlices changes the vectors after Log has returned.
func TestEveryKeepsNoSlices(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r, err := s.Start(ctx, RunConfig{Name: "cnn", Every: 5})
	must(t, err)
	must(t, r.AddSamples(ctx, someSamples(2)))
	v := []float32{1, 2}
	must(t, r.Log(ctx, Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: 1, Vectors: v}}}))
	v[0] = 9
	must(t, r.Finish(ctx))
	if got := framesOf(t, s, "cnn"); !slices.Equal(got, []string{"fc1@1=1"}) {
		t.Errorf("frames %q", got)
	}
}

// TestEveryResumed: a run that goes on keeps what it had, and the last epoch of the longer training; one that was killed
// has the multiples.
func TestEveryResumed(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	start := func(s *Store) *Run {
		r, err := s.Start(ctx, RunConfig{Name: "cnn", Every: 5, Resume: Allow})
		must(t, err)
		must(t, r.AddSamples(ctx, someSamples(2)))
		return r
	}
	r := start(s)
	for e := 1; e <= 7; e++ {
		logged(t, r, e, 2, 0.5)
	}
	must(t, s.Close()) // as if it were killed
	s = newStoreAt(t, s.Path())
	if got := framesOf(t, s, "cnn"); !slices.Equal(got, []string{"fc1@5=5.5"}) {
		t.Errorf("frames of a run that was killed %q", got)
	}
	r = start(s)
	for e := 8; e <= 9; e++ {
		logged(t, r, e, 2, 0.5)
	}
	must(t, r.Finish(ctx))
	r = start(s)
	for e := 10; e <= 13; e++ {
		logged(t, r, e, 2, 0.5)
	}
	logged(t, r, 9, 2, 0.25) // again: then it is one that Every does not keep
	must(t, r.Finish(ctx))
	if got := framesOf(t, s, "cnn"); !slices.Equal(got, []string{"fc1@5=5.5", "fc1@10=10.5", "fc1@13=13.5"}) {
		t.Errorf("frames %q", got)
	}
	if got := numbers(t, s, "cnn"); len(got) != 13 {
		t.Errorf("epochs %v", got)
	}
}
