package tracker

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestChanges(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	other, err := Open(ctx, s.Path(), OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	var cursor int64
	next := func() Changes {
		t.Helper()
		c, err := other.Changes(ctx, cursor)
		if err != nil {
			t.Fatal(err)
		}
		cursor = c.Cursor
		return c
	}
	if c := next(); c.Runs != nil || c.Epochs != nil || c.Shared {
		t.Errorf("an empty store has changes: %+v", c)
	}
	a, b := newRun(t, s, "a", 2), newRun(t, s, "b", 2)
	if c := next(); !slices.Equal(c.Runs, []string{a.ID(), b.ID()}) || c.Epochs != nil || c.Shared {
		t.Errorf("two new runs: %+v", c)
	}
	logged(t, a, 2, 2, 0)
	logged(t, a, 1, 2, 0)
	c := next()
	if !slices.Equal(c.Runs, []string{a.ID()}) || len(c.Epochs) != 2 || c.Epochs[0].Number != 2 || c.Epochs[1].Number != 1 || c.Epochs[1].Run != a.ID() || c.Epochs[1].Step != 100 {
		t.Errorf("two epochs: %+v", c)
	}
	before := cursor
	if err := b.LogMetrics(ctx, 7, Metrics{"loss": 3}); err != nil {
		t.Fatal(err)
	}
	if c := next(); !slices.Equal(c.Runs, []string{b.ID()}) || c.Epochs != nil {
		t.Errorf("a metric: %+v", c)
	}
	if ms, err := other.MetricsSince(ctx, "b", before); len(ms) != 1 || ms[0].Step != 7 || ms[0].Seq != cursor || err != nil {
		t.Errorf("MetricsSince = %+v, %v", ms, err)
	}
	if ms, err := other.MetricsSince(ctx, "b", cursor); len(ms) != 0 || err != nil {
		t.Errorf("MetricsSince the last = %+v, %v", ms, err)
	}
	if err := b.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if c := next(); !slices.Equal(c.Runs, []string{b.ID()}) {
		t.Errorf("a run that ended: %+v", c)
	}
	if err := s.Write(ctx, func(*Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if c := next(); !c.Shared || c.Runs != nil {
		t.Errorf("rows of another package: %+v", c)
	}
	if c := next(); c.Shared || c.Runs != nil {
		t.Errorf("nothing: %+v", c)
	}
}

func TestMetricAgain(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 2)
	logged(t, r, 1, 2, 0.25)
	for _, v := range []float64{1, 2} {
		if err := r.LogMetrics(ctx, 100, Metrics{"loss": v}); err != nil { // the name and step of the epoch's own
			t.Fatal(err)
		}
	}
	ms, err := s.Metrics(ctx, "cnn")
	if err != nil || len(ms) != 2 || ms[0].Value != 0.25 || ms[0].Epoch != 1 || ms[1].Value != 2 || ms[1].Epoch != 2 {
		t.Errorf("Metrics = %+v, %v", ms, err)
	}
}

// TestMetricsTogether writes metrics by the hundred: NaN beside numbers, and the same name and step more than once.
func TestMetricsTogether(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	for _, async := range []bool{false, true} {
		r, err := s.Start(ctx, RunConfig{Name: fmt.Sprint(async), Async: async})
		must(t, err)
		var b Batch
		for step := range 333 {
			for round := range 2 {
				m := Metrics{"a": float64(step + 1000*round), "b": math.NaN(), "c": math.Inf(1)}
				if step%2 == 0 {
					m["b"] = float64(round)
				}
				b.Metrics = append(b.Metrics, StepMetrics{step, m})
			}
		}
		if async {
			unblock := block(t, s)
			for _, m := range b.Metrics {
				must(t, r.LogMetrics(ctx, m.Step, m.Values))
			}
			unblock()
			must(t, r.Flush(ctx))
		} else {
			_, err = r.Write(ctx, b)
			must(t, err)
		}
		ms, err := s.Metrics(ctx, r.ID())
		must(t, err)
		if len(ms) != 3*333 {
			t.Fatalf("async %v: %d metrics, want %d", async, len(ms), 3*333)
		}
		for i, m := range ms { // by name, then by step
			want := float64(1000 + i)
			switch {
			case i >= 2*333:
				want = math.Inf(1)
			case i >= 333 && m.Step%2 == 0:
				want = 1
			case i >= 333:
				want = math.NaN()
			}
			if m.Step != i%333 || m.Value != want && !(math.IsNaN(want) && math.IsNaN(m.Value)) || m.Epoch != 1 {
				t.Fatalf("async %v: metric %d is %+v, want %v", async, i, m, want)
			}
		}
	}
}
