package api

import (
	"net/http"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpbody"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// sendJSON answers with v.
func sendJSON(w http.ResponseWriter, r *http.Request, v any) error {
	b, err := httpbody.JSON(v)
	if err != nil {
		return err
	}
	return b.Send(w, r)
}

// send answers with bytes of a content type.
func send(w http.ResponseWriter, r *http.Request, kind string, bytes []byte) {
	httpbody.New(kind, bytes).Send(w, r)
}

// intParam reads a whole number from the query, or returns fallback if it is missing.
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
		return 0, httpjson.Invalid("%s = %q, want a whole number from %d to %d", name, text, low, high)
	}
	return n, nil
}
