package httpjson

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
)

// Write answers with v, which may not be kept: what a browser may keep has an address or a tag, and package httpbody sends it.
func Write(w http.ResponseWriter, r *http.Request, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Errorf("httpjson: an answer cannot be written: %w", err)) // answers are made of texts, flags and finite numbers
	}
	b = append(b, '\n')
	head := w.Header()
	head.Del("ETag")
	head.Set("Content-Type", "application/json")
	head.Set("Content-Length", strconv.Itoa(len(b)))
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b) // an error here is a client that has left
	}
}

// Fail answers with an error.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	e := Of(err)
	if e.After > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.After))
	}
	Write(w, r, e.Status, struct {
		Error string `json:"error"`
		Code  string `json:"code"`
		At    *Place `json:"at,omitempty"`
	}{e.Text, e.Code, e.At})
}

// Explain answers with what went wrong while a request was answered, and logs what was not the client's fault.
func Explain(w http.ResponseWriter, r *http.Request, err error, log *slog.Logger) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // nobody is there to read it
	}
	if Of(err).Status == http.StatusInternalServerError {
		log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	Fail(w, r, err)
}

// NotFound answers that there is nothing at the request's path.
func NotFound(w http.ResponseWriter, r *http.Request) {
	Fail(w, r, Refuse(http.StatusNotFound, "not_found", "there is nothing at %s", r.URL.Path))
}

// MethodNotAllowed answers that the request's method is not possible at its path, and why or, where why is empty, which
// methods are.
func MethodNotAllowed(w http.ResponseWriter, r *http.Request, allow []string, why string) {
	if why == "" {
		why = "use " + strings.Join(allow, " or ")
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	Fail(w, r, Refuse(http.StatusMethodNotAllowed, "method_not_allowed", "%s is not possible here: %s", r.Method, why))
}
