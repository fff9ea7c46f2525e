package httpjson

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestFail: each error gets its status, its code and, where trying again helps, the time to wait, however it is wrapped.
func TestFail(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
		after  string
	}{
		{tracker.ErrRunEnded, 409, "run_ended", ""},
		{tracker.ErrSuperseded, 409, "run_superseded", ""},
		{tracker.ErrAmbiguous, 400, "ambiguous", ""},
		{tracker.ErrNotFound, 404, "not_found", ""},
		{tracker.ErrReadOnly, 403, "read_only", ""},
		{tracker.ErrBusy, 503, "busy", "1"},
		{tracker.ErrUnreachable, 503, "busy", "5"},
		{tracker.ErrClosed, 503, "closing", "1"},
		{projector.ErrOptions, 400, "invalid", ""},
		{projector.ErrChanged, 410, "gone", ""},
		{&http.MaxBytesError{Limit: 7}, 413, "too_large", ""},
		{Busy(9, "wait"), 503, "busy", "9"},
		{errors.New("a disk on fire"), 500, "internal", ""},
	} {
		w := httptest.NewRecorder()
		w.Header().Set("ETag", `"of what was nearly sent"`)
		Explain(w, httptest.NewRequest("GET", "/", nil), fmt.Errorf("run x: %w", c.err), slog.New(slog.DiscardHandler))
		var got struct{ Error, Code string }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != c.status || got.Code != c.code || got.Error == "" || w.Header().Get("Retry-After") != c.after || w.Header().Get("ETag") != "" {
			t.Errorf("%v = %d %s %v, want %d %s, Retry-After %q", c.err, w.Code, w.Body, w.Header(), c.status, c.code, c.after)
		}
	}
}

// TestExplainLogs what is the server's fault only, and answers nobody who has left.
func TestExplainLogs(t *testing.T) {
	var b strings.Builder
	log := slog.New(slog.NewTextHandler(&b, nil))
	Explain(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil), tracker.ErrNotFound, log)
	if b.Len() > 0 {
		t.Errorf("logged %s", b.String())
	}
	Explain(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil), io.ErrShortWrite, log)
	if !strings.Contains(b.String(), "path=/x") || !strings.Contains(b.String(), "short write") {
		t.Errorf("logged %q", b.String())
	}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	w := httptest.NewRecorder()
	Explain(w, httptest.NewRequestWithContext(ctx, "GET", "/x", nil), fmt.Errorf("reading: %w", context.Canceled), log)
	if w.Body.Len() > 0 || strings.Contains(b.String(), "canceled") {
		t.Errorf("answered %s, logged %s", w.Body, b.String())
	}
}
