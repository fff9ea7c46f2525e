package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// TestStoreAway lets the store's server crash and come back: the page's server says so, and goes on.
func TestStoreAway(t *testing.T) {
	if pgtest.Current == nil {
		t.Skip("is about PostgreSQL")
	}
	store := servertest.NewStore(t)
	servertest.NewTraining(6, "a").Log(t, store, "r", 1)
	h := newHandler(t, store)
	if w := servertest.Get(t, h, root+"runs"); w.Code != http.StatusOK {
		t.Fatalf("runs = %d %s", w.Code, w.Body)
	}
	pgtest.Current.Kill()
	if w := servertest.Get(t, h, root+"runs"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "cannot be reached") {
		t.Errorf("runs without the server = %d %s, want 503", w.Code, w.Body)
	}
	if err := pgtest.Current.Run(); err != nil {
		t.Fatal(err)
	}
	if w := servertest.Get(t, h, root+"runs"); w.Code != http.StatusOK {
		t.Errorf("runs after the restart = %d %s", w.Code, w.Body)
	}
}
