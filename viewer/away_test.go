package viewer_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

// TestStoreAway lets the store's server crash and come back: the page's server says so, and goes on.
func TestStoreAway(t *testing.T) {
	if pgtest.Current == nil {
		t.Skip("is about PostgreSQL")
	}
	store := newStore(t)
	newTraining(6, "a").log(t, store, "r", 1)
	h := newHandler(t, store)
	if w := get(t, h, api+"runs"); w.Code != http.StatusOK {
		t.Fatalf("runs = %d %s", w.Code, w.Body)
	}
	pgtest.Current.Kill()
	if w := get(t, h, api+"runs"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "cannot be reached") {
		t.Errorf("runs without the server = %d %s, want 503", w.Code, w.Body)
	}
	if err := pgtest.Current.Run(); err != nil {
		t.Fatal(err)
	}
	if w := get(t, h, api+"runs"); w.Code != http.StatusOK {
		t.Errorf("runs after the restart = %d %s", w.Code, w.Body)
	}
}
