package viewer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// badRequest is an error that the client can mend.
type badRequest struct{ message string }

func (e badRequest) Error() string { return e.message }

func bad(format string, args ...any) error { return badRequest{fmt.Sprintf(format, args...)} }

// gone is what was right once.
type gone struct{ message string }

func (e gone) Error() string { return e.message }

// sendJSON answers with v.
func sendJSON(w http.ResponseWriter, r *http.Request, v any) error {
	b, err := jsonBody(v)
	if err != nil {
		return err
	}
	return b.send(w, r)
}

// send answers with bytes of some type.
func send(w http.ResponseWriter, r *http.Request, kind string, bytes []byte) {
	newBody(kind, bytes).send(w, r)
}

// keep says that an answer never changes under its address.
func keep(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
}

// explain answers with what went wrong.
func (h *Handler) explain(w http.ResponseWriter, r *http.Request, err error) {
	var request badRequest
	var past gone
	var later busy
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // nobody is there to read it
	case errors.As(err, &request), errors.Is(err, tracker.ErrAmbiguous), errors.Is(err, tracker.ErrInvalid), errors.Is(err, projector.ErrOptions):
		status = http.StatusBadRequest
	case errors.As(err, &past), errors.Is(err, projector.ErrChanged):
		status = http.StatusGone
	case errors.As(err, &later):
		w.Header().Set("Retry-After", "5")
		status = http.StatusServiceUnavailable
	case errors.Is(err, tracker.ErrNotFound), errors.Is(err, errNoJob):
		status = http.StatusNotFound
	case errors.Is(err, tracker.ErrClosed), errors.Is(err, tracker.ErrBusy), errors.Is(err, tracker.ErrUnreachable):
		w.Header().Set("Retry-After", "1")
		status = http.StatusServiceUnavailable
	default:
		h.log.Error("viewer: request failed", "path", r.URL.Path, "error", err)
	}
	fail(w, r, status, "%v", err)
}

// codes are the names of statuses for programs.
var codes = map[int]string{
	http.StatusBadRequest:          "invalid",
	http.StatusForbidden:           "unknown_host",
	http.StatusNotFound:            "not_found",
	http.StatusMethodNotAllowed:    "method_not_allowed",
	http.StatusGone:                "gone",
	http.StatusInternalServerError: "internal",
	http.StatusServiceUnavailable:  "busy",
}

// fail answers with an error: in JSON, as all of the API does.
func fail(w http.ResponseWriter, r *http.Request, status int, format string, args ...any) {
	b, err := json.Marshal(map[string]string{"error": fmt.Sprintf(format, args...), "code": codes[status]})
	if err != nil {
		panic(err) // strings can always be marshalled
	}
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Del("ETag")
	head.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(append(b, '\n'))
	}
}

// intParam reads a whole number from the query; fallback where it is not given.
func intParam(r *http.Request, name string, fallback, low, high int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	return wholeNumber(name, text, low, high)
}

func wholeNumber(name, text string, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, bad("%s = %q, want a whole number from %d to %d", name, text, low, high)
	}
	return n, nil
}
