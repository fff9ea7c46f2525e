package tracker

import (
	"context"
	"slices"
	"testing"
)

// reopened is what a new process sees of a run whose process is gone, without an end to it.
func reopened(t *testing.T, s *Store) (*Store, *Run) {
	t.Helper()
	ctx := context.Background()
	must(t, s.Close())
	s, err := Open(ctx, s.Path(), OpenOptions{})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Resume: Must})
	must(t, err)
	return s, r
}

func rewriteAfterCrash(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 2)
	for e := 1; e <= 5; e++ {
		must(t, r.LogMetrics(ctx, 100*e-50, Metrics{"batch": 1}))
		logged(t, r, e, 2, 1)
	}
	s, r = reopened(t, s) // still "running"
	must(t, r.TruncateAfter(ctx, 3))
	if got := numbers(t, s, ""); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("epochs %v, want 1 2 3", got)
	}
	logged(t, r, 4, 2, 2)
	wantSeries(t, s, "loss", "100:1 200:1 300:1 400:2")
	wantSeries(t, s, "batch", "50:1 150:1 250:1")
}

func resumeAtCheckpoint(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 2)
	train := func(from, to int, v float64) {
		for step := from; step <= to; step += 10 {
			must(t, r.LogMetrics(ctx, step, Metrics{"batch": v}))
			if step%100 == 0 {
				must(t, r.Log(ctx, Epoch{Number: step / 100, Step: step, Metrics: Metrics{"loss": v}}))
			}
		}
	}
	train(10, 270, 1)
	s, r = reopened(t, s)
	train(210, 300, 2) // from the checkpoint at step 200, without TruncateAfter
	ms, err := s.Metrics(ctx, "", "batch")
	must(t, err)
	for i, m := range ms {
		want := 1.0
		if m.Step > 200 {
			want = 2
		}
		if m.Step != 10*(i+1) || m.Value != want || m.Epoch != (m.Step+99)/100 {
			t.Errorf("metric %d: %+v", i, m)
		}
	}
	wantSeries(t, s, "loss", "100:1 200:1 300:2")
}

func runningAfterKill(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 2)
	logged(t, r, 1, 2, 1)
	s, r = reopened(t, s)
	if info, err := s.Run(ctx, ""); info.State != Running || err != nil {
		t.Errorf("Run = %+v, %v", info, err)
	}
	logged(t, r, 2, 2, 1)
	must(t, r.Finish(ctx))
}

func crashBeforeFinish(t *testing.T, s *Store) {
	r := newRun(t, s, "cnn", 2)
	logged(t, r, 1, 2, 0.5)
	// Another process sees it at once, whatever becomes of this one.
	other, err := Open(context.Background(), s.Path(), OpenOptions{ReadOnly: true})
	must(t, err)
	defer other.Close()
	wantSeries(t, other, "loss", "100:0.5")
	f, err := other.Frame(context.Background(), "", "", 1)
	if err != nil || len(f.Vectors) != 2 {
		t.Errorf("Frame = %+v, %v", f, err)
	}
}
