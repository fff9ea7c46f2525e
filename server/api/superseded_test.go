package api

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// TestSuperseded: a request that names a past revision of a map is told the present one, which is no failure and is not kept.
func TestSuperseded(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(20, "a", "b")
	run := tr.Log(t, store, "r", 2)
	p := servertest.Project(t, store, run.ID(), 2)
	h := New(store, Options{})
	t.Cleanup(func() { h.Close() })
	base := "projections/" + p.Info().ID
	first := []string{base + "/revisions/1/positions", base + "/revisions/1/epochs/1/trust?run=r", "runs/r/epochs/1/neighborhoods?revision=1&projection=" + p.Info().ID}
	for _, path := range first {
		if w := servertest.Get(t, h, "/api/v1/"+path); w.Code != http.StatusOK {
			t.Errorf("%s = %d %s", path, w.Code, w.Body)
		}
	}
	servertest.LogEpoch(t, run, tr.Epoch(3))
	p, err := p.Extend(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	now := fmt.Sprint(p.Info().Revision)
	for _, path := range append(first, base+"/revisions/"+now+"/positions?rows=7") {
		w := servertest.Get(t, h, "/api/v1/"+path)
		if head := w.Header(); w.Code != http.StatusNoContent || w.Body.Len() > 0 || head.Get(currentRevision) != now || head.Get("Cache-Control") != "no-store" {
			t.Errorf("%s = %d %q with %v, want that the map is revision %s", path, w.Code, w.Body, head, now)
		}
	}
}

// TestSupersededBy: a map that changes while it is read is named with its new revision; other errors stay.
func TestSupersededBy(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(20, "a", "b").Log(t, store, "r", 1)
	id := servertest.Project(t, store, run.ID(), 2).Info().ID
	h := New(store, Options{})
	t.Cleanup(func() { h.Close() })
	changed := fmt.Errorf("measuring: %w", projector.ErrChanged)
	if s, ok := h.supersededBy(t.Context(), id, changed).(*superseded); !ok || s.current != "1" {
		t.Errorf("a map that changed: %v", s)
	}
	if err := h.supersededBy(t.Context(), id, context.Canceled); err != context.Canceled {
		t.Errorf("another error: %v", err)
	}
	calls := 0
	if v, err := settled(func() (int, error) {
		if calls++; calls < 3 {
			return 0, changed
		}
		return calls, nil
	}); v != 3 || err != nil {
		t.Errorf("a map that settles: %d, %v", v, err)
	}
}
