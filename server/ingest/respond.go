package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A refusal is an answer that says what is wrong, and what to do next.
type refusal struct {
	status int
	code   string // for programs, stable
	text   string // for people
	after  int    // seconds after which to try again; 0: as it is, it will not get better
	at     *place // the value that is to blame, if it is one
}

// A place is where a value stands that was refused: without it, the rest would be accepted.
type place struct {
	Field string `json:"field"`          // id, label, metadata, thumbnail, prediction, loss, confidence, vector, layer, metric or step
	Name  string `json:"name,omitempty"` // of the layer or the metric
	Index int    `json:"index"`          // of the sample, the row or the element in the request's list
	ID    string `json:"id,omitempty"`   // of the sample, where the request says it
}

func (e *refusal) Error() string { return e.text }

func refuse(status int, code, format string, args ...any) *refusal {
	return &refusal{status: status, code: code, text: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, "invalid", format, args...)
}

// invalidAt refuses a value of a list.
func invalidAt(at place, format string, args ...any) *refusal {
	e := invalid(format, args...)
	e.at = &at
	return e
}

// answers of the tracker's errors, the first that fits.
var kinds = []struct {
	err    error
	status int
	code   string
	after  int
}{
	{tracker.ErrSuperseded, http.StatusConflict, "run_superseded", 0},
	{tracker.ErrRunExists, http.StatusConflict, "run_exists", 0},
	{tracker.ErrRunActive, http.StatusConflict, "run_active", 0},
	{tracker.ErrRunEnded, http.StatusConflict, "run_ended", 0},
	{tracker.ErrNotFound, http.StatusNotFound, "not_found", 0},
	{tracker.ErrAmbiguous, http.StatusBadRequest, "ambiguous", 0},
	{tracker.ErrInvalid, http.StatusBadRequest, "invalid", 0},
	{tracker.ErrReadOnly, http.StatusForbidden, "read_only", 0},
	{tracker.ErrBusy, http.StatusServiceUnavailable, "busy", 1},
	{tracker.ErrUnreachable, http.StatusServiceUnavailable, "busy", 5},
	{tracker.ErrClosed, http.StatusServiceUnavailable, "closing", 1},
}

// toRefusal says what an error means to the client.
func toRefusal(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return refuse(http.StatusRequestEntityTooLarge, "too_large", "the body is larger than %d bytes: send it in several requests", big.Limit)
	}
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			r := &refusal{status: k.status, code: k.code, text: err.Error(), after: k.after}
			var v *tracker.ValueError
			if errors.As(err, &v) {
				r.at = &place{Field: v.Field, Name: v.Name, Index: v.Index, ID: v.ID}
			}
			return r
		}
	}
	return &refusal{status: http.StatusInternalServerError, code: "internal", text: err.Error()}
}

type errorAnswer struct {
	Error string `json:"error"`
	Code  string `json:"code"`
	At    *place `json:"at,omitempty"`
}

// fail answers with an error.
func fail(w http.ResponseWriter, r *http.Request, e *refusal) {
	if e.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.after))
	}
	answer(w, r, e.status, errorAnswer{e.text, e.code, e.at})
}

// explain answers with what went wrong, and keeps what was not the client's fault for the log.
func (h *Handler) explain(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // nobody is there to read it
	}
	e := toRefusal(err)
	if e.status == http.StatusInternalServerError {
		h.log.Error("ingest: request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	fail(w, r, e)
}

func answer(w http.ResponseWriter, r *http.Request, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // answers are made of texts and whole numbers
	}
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(append(b, '\n')) // an error here is a client that has left
	}
}
