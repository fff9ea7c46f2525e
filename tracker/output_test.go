package tracker

import (
	"context"
	"math"
	"testing"
)

// TestAllOutputs: with a place for each sample, the outputs are those that Outputs returns, whether ids have gaps or not.
func TestAllOutputs(t *testing.T) {
	ctx, s := context.Background(), newStore(t)
	r := newRun(t, s, "a", 0)
	must(t, r.AddSamples(ctx, []Sample{{ID: "c"}, {ID: "a"}, {ID: "b"}}))
	must(t, r.AddSamples(ctx, []Sample{{ID: "e"}, {ID: "d"}}))
	must(t, r.Log(ctx, Epoch{Number: 1, Outputs: &Outputs{IDs: []string{"d", "a", "b"}, Predictions: []string{"x", "", "y"}, Losses: []float64{1, 2, math.NaN()}}}))
	must(t, r.Log(ctx, Epoch{Number: 2}))
	check := func() {
		t.Helper()
		some, err := s.Outputs(ctx, "a", 1)
		must(t, err)
		all, err := s.AllOutputs(ctx, "a", 1)
		must(t, err)
		samples, err := s.Samples(ctx, "a")
		must(t, err)
		if all.IDs != nil || len(all.Predictions) != 5 || len(all.Losses) != 5 || all.Confidences != nil {
			t.Fatalf("AllOutputs = %+v", all)
		}
		want := map[string]int{}
		for i, id := range some.IDs {
			want[id] = i + 1
		}
		for i, sample := range samples {
			p, loss := "", math.NaN()
			if k := want[sample.ID]; k > 0 {
				p, loss = some.Predictions[k-1], some.Losses[k-1]
			}
			if got := all.Losses[i]; all.Predictions[i] != p || got != loss && !(math.IsNaN(got) && math.IsNaN(loss)) {
				t.Errorf("sample %s: %q and %v, want %q and %v", sample.ID, all.Predictions[i], got, p, loss)
			}
		}
	}
	check()
	if o, err := s.AllOutputs(ctx, "a", 2); err != nil || o.Predictions != nil || o.Losses != nil || o.Confidences != nil {
		t.Errorf("AllOutputs of an epoch without = %+v, %v", o, err)
	}
	must(t, s.Write(ctx, func(tx *Tx) error { // ids that do not follow each other, as in a store that was mended
		_, err := tx.ExecContext(ctx, "UPDATE sample SET id = id + 1000 WHERE uid = 'c'")
		return err
	}))
	check()
}
