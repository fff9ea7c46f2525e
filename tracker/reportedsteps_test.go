package tracker

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
)

// series returns the values of a metric as "step:value", in the order in which they are read.
func series(t *testing.T, s *Store, name string) string {
	t.Helper()
	ms, err := s.Metrics(context.Background(), "", name)
	must(t, err)
	var parts []string
	for _, m := range ms {
		parts = append(parts, fmt.Sprintf("%d:%v", m.Step, m.Value))
	}
	return strings.Join(parts, " ")
}

func wantSeries(t *testing.T, s *Store, name, want string) {
	t.Helper()
	if got := series(t, s, name); got != want {
		t.Errorf("%s is %s, want %s", name, got, want)
	}
}

func stepBelowTheLast(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 1)
	for _, step := range []int{100, 40, 70, 0} {
		must(t, r.LogMetrics(ctx, step, Metrics{"loss": float64(step)}))
	}
	wantSeries(t, s, "loss", "0:0 40:40 70:70 100:100")
}

func stepsOfTwoClocks(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 1)
	for e := 1; e <= 2; e++ { // batches count steps, evaluations count epochs
		must(t, r.LogMetrics(ctx, 1000*e, Metrics{"batch": 1}), r.LogMetrics(ctx, e, Metrics{"val": 2}), r.Log(ctx, Epoch{Number: e, Metrics: Metrics{"epoch": 3}}))
	}
	wantSeries(t, s, "batch", "1000:1 2000:1")
	wantSeries(t, s, "val", "1:2 2:2")
	wantSeries(t, s, "epoch", "0:3 0:3")
}

func stepIsKept(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 1)
	must(t, r.Log(ctx, Epoch{Number: 7, Step: 4321, Metrics: Metrics{"loss": 1}}))
	wantSeries(t, s, "loss", "4321:1")
	if info, err := s.Run(ctx, ""); info.LastEpoch != 7 || info.LastStep != 4321 || err != nil {
		t.Errorf("Run = %+v, %v", info, err)
	}
}

func nanTwice(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 1)
	for range 2 {
		m := Metrics{"a": math.NaN(), "b": math.Inf(1), "c": math.Inf(-1)}
		must(t, r.LogMetrics(ctx, 5, m), r.Log(ctx, Epoch{Number: 1, Step: 9, Metrics: m}))
	}
	wantSeries(t, s, "a", "5:NaN 9:NaN")
	wantSeries(t, s, "b", "5:+Inf 9:+Inf")
	wantSeries(t, s, "c", "5:-Inf 9:-Inf")
	must(t, r.LogMetrics(ctx, 5, Metrics{"a": 1})) // and back to a number
	wantSeries(t, s, "a", "5:1 9:NaN")
}

func noStep(t *testing.T, s *Store) {
	r := newRun(t, s, "cnn", 1)
	for e := 3; e >= 0; e-- {
		must(t, r.Log(context.Background(), Epoch{Number: e, Metrics: Metrics{"loss": float64(e)}}))
	}
	ms, err := s.Metrics(context.Background(), "", "loss")
	must(t, err)
	for i, m := range ms { // the epoch is an axis of its own
		if m.Epoch != i || m.Value != float64(i) {
			t.Errorf("metric %d is %+v", i, m)
		}
	}
	if len(ms) != 4 {
		t.Errorf("%d metrics, want 4", len(ms))
	}
}

func batchOfMetrics(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 1)
	before, err := s.Changes(ctx, 0)
	must(t, err)
	var b Batch
	for step := range 1000 {
		b.Metrics = append(b.Metrics, StepMetrics{step, Metrics{"loss": float64(step)}})
	}
	_, err = r.Write(ctx, b)
	must(t, err)
	after, err := s.Changes(ctx, before.Cursor)
	must(t, err)
	ms, err := s.MetricsSince(ctx, "", before.Cursor)
	if err != nil || len(ms) != 1000 || after.Cursor != before.Cursor+1 {
		t.Errorf("%d metrics in %d transactions, %v", len(ms), after.Cursor-before.Cursor, err)
	}
}
