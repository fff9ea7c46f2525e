// Package httpjson reads and writes the JSON of the server's API, for all of its parts: requests strictly, answers in one
// form, and errors as a status, a code for programs and a text for people.
package httpjson

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A Refusal is an error that says how a request is answered: what is wrong, and what to do next.
type Refusal struct {
	Status int
	Code   string // for programs, stable; openapi.json lists them
	Text   string // for people
	After  int    // seconds after which to try again; 0: as it is, it will not get better
	At     *Place // the value that is to blame, if it is one
}

// A Place is where a value stands that was refused: without it, the rest would be accepted.
type Place struct {
	Field string `json:"field"`          // id, label, metadata, thumbnail, prediction, loss, confidence, vector, layer, metric or step
	Name  string `json:"name,omitempty"` // of the layer or the metric
	Index int    `json:"index"`          // of the sample, the row or the element in the request's list
	ID    string `json:"id,omitempty"`   // of the sample, where the request says it
}

func (e *Refusal) Error() string { return e.Text }

// Refuse returns a refusal.
func Refuse(status int, code, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Code: code, Text: fmt.Sprintf(format, args...)}
}

// Invalid refuses what the client can mend.
func Invalid(format string, args ...any) *Refusal {
	return Refuse(http.StatusBadRequest, "invalid", format, args...)
}

// InvalidAt refuses a value of a list.
func InvalidAt(at Place, format string, args ...any) *Refusal {
	e := Invalid(format, args...)
	e.At = &at
	return e
}

// Gone refuses what was right once.
func Gone(format string, args ...any) *Refusal {
	return Refuse(http.StatusGone, "gone", format, args...)
}

// Busy refuses what will be possible soon: it says after how many seconds to ask again.
func Busy(after int, format string, args ...any) *Refusal {
	e := Refuse(http.StatusServiceUnavailable, "busy", format, args...)
	e.After = after
	return e
}

// ErrClosing refuses what comes while the server ends.
var ErrClosing = &Refusal{Status: http.StatusServiceUnavailable, Code: "closing", Text: "the server is being shut down: send the request again in a moment", After: 1}

// kinds says how the errors of the packages below are answered; of several that fit, the first.
var kinds = []struct {
	err    error
	status int
	code   string
	after  int // seconds
}{
	{tracker.ErrSuperseded, http.StatusConflict, "run_superseded", 0},
	{tracker.ErrRunExists, http.StatusConflict, "run_exists", 0},
	{tracker.ErrRunActive, http.StatusConflict, "run_active", 0},
	{tracker.ErrRunEnded, http.StatusConflict, "run_ended", 0},
	{tracker.ErrAmbiguous, http.StatusBadRequest, "ambiguous", 0},
	{tracker.ErrInvalid, http.StatusBadRequest, "invalid", 0},
	{projector.ErrOptions, http.StatusBadRequest, "invalid", 0},
	{projector.ErrChanged, http.StatusGone, "gone", 0},
	{tracker.ErrNotFound, http.StatusNotFound, "not_found", 0},
	{tracker.ErrReadOnly, http.StatusForbidden, "read_only", 0},
	{tracker.ErrBusy, http.StatusServiceUnavailable, "busy", 1},
	{tracker.ErrUnreachable, http.StatusServiceUnavailable, "busy", 5},
	{tracker.ErrClosed, http.StatusServiceUnavailable, "closing", 1},
}

// Of returns how an error is answered. One that nobody foresaw is the server's fault.
func Of(err error) *Refusal {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r
	}
	if big, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return Refuse(http.StatusRequestEntityTooLarge, "too_large", "the body is larger than %d bytes: send it in several requests", big.Limit)
	}
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			r := &Refusal{Status: k.status, Code: k.code, Text: err.Error(), After: k.after}
			if v, ok := errors.AsType[*tracker.ValueError](err); ok {
				r.At = &Place{Field: v.Field, Name: v.Name, Index: v.Index, ID: v.ID}
			}
			return r
		}
	}
	return Refuse(http.StatusInternalServerError, "internal", "%v", err)
}
