package tracker

import (
	"context"
	"errors"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

func TestDefaultRun(t *testing.T) {
	ctx := context.Background()
	for name, err := range map[string]error{
		"AddSamples": AddSamples(ctx, nil), "Log": Log(ctx, Epoch{}), "LogMetrics": LogMetrics(ctx, 1, nil), "Flush": Flush(ctx), "Finish": Finish(ctx),
	} {
		if !errors.Is(err, ErrNoRun) {
			t.Errorf("%s without Init = %v, want ErrNoRun", name, err)
		}
	}
	path := pgtest.Store(t)
	if _, err := Init(ctx, path, RunConfig{Name: "x", Resume: Must}); !errors.Is(err, ErrNotFound) {
		t.Errorf("Init of a run that does not exist = %v, want ErrNotFound", err)
	}
	for _, name := range []string{"one", "two"} {
		r, err := Init(ctx, path, RunConfig{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Init(ctx, path, RunConfig{Name: "other"}); !errors.Is(err, ErrRunActive) {
			t.Errorf("second Init = %v, want ErrRunActive", err)
		}
		if name == "two" {
			if err := r.Stop(ctx); err != nil {
				t.Fatal(err)
			}
		} else if err := errors.Join(AddSamples(ctx, someSamples(1)), Log(ctx, Epoch{Number: 1}), LogMetrics(ctx, 1, Metrics{"a": 1}), Flush(ctx)); err != nil {
			t.Fatal(err)
		}
		if err := Finish(ctx); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(ctx, path, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	runs, err := s.Runs(ctx)
	if err != nil || len(runs) != 2 || runs[0].State != Stopped || runs[1].State != Finished || runs[1].Epochs != 1 || runs[1].Samples != 1 {
		t.Errorf("runs %+v, %v", runs, err)
	}
}
