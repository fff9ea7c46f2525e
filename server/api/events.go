package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

const (
	pulse    = 15 * time.Second // between two heartbeats on a quiet stream
	patience = 10 * time.Second // for a client to take what it is sent
)

// getEvents streams changes. Each event's id is the cursor up to which it reports, so that a browser that lost the
// connection continues from there.
func (h *Handler) getEvents(w http.ResponseWriter, r *http.Request) error {
	select {
	case h.streams <- struct{}{}:
		defer func() { <-h.streams }()
	default:
		return httpjson.Busy(10, "%d pages listen already, which is all that this server has room for: close some", h.o.Streams)
	}
	after := r.Header.Get("Last-Event-ID")
	if after == "" {
		after = r.URL.Query().Get("after")
	}
	news, stop := h.feed.listen(r.Context()) // before looking back, so that nothing falls in between
	defer stop()
	now, err := h.feed.cursor(r.Context())
	if err != nil {
		return err
	}
	from := now
	if after != "" {
		from, err = strconv.ParseInt(after, 10, 64)
		if err != nil || from < 0 {
			return httpjson.Invalid("after = %q, want the id of an event", after)
		}
	}
	if from > now {
		from = 0 // the store was replaced by another
	}
	missed, _, err := h.feed.since(r.Context(), from, nil)
	if err != nil {
		return err
	}
	s := stream{w, http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // proxies must not buffer
	if r.Method == http.MethodHead {
		return nil
	}
	sum := sha256.Sum256([]byte(h.store.Path()))
	if s.send("retry: 1000\n\n") != nil ||
		s.event("hello", from, map[string]any{"store": hex.EncodeToString(sum[:8]), "read_only": h.o.ReadOnly, "may_project": h.mayProject(r)}) != nil {
		return nil // the client has left, here and below
	}
	if missed.cursor != from && s.event("change", missed.cursor, missed) != nil {
		return nil
	}
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-tick.C:
			if s.send(": still here\n\n") != nil {
				return nil
			}
		case n, ok := <-news:
			if !ok {
				return nil
			}
			if n.job != nil {
				if s.progress(*n.job) != nil {
					return nil
				}
				continue
			}
			if n.cursor <= missed.cursor {
				continue // already sent
			}
			if s.event("change", n.cursor, n) != nil {
				return nil
			}
		}
	}
}

// A stream is a response that is sent in parts.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s stream) event(kind string, id int64, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return s.send(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", id, kind, b))
}

// progress sends the progress of a projection. The event has no id, so that a reader's cursor stays where it is.
func (s stream) progress(j job) error {
	b, err := json.Marshal(j)
	if err != nil {
		return err
	}
	return s.send(fmt.Sprintf("event: job\ndata: %s\n\n", b))
}

func (s stream) send(text string) error {
	s.control.SetWriteDeadline(time.Now().Add(patience)) // without support for deadlines, the write has no limit
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
