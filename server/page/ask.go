package page

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
)

// ask sends a GET below /api/v1 to the API, as a browser on this machine would.
func ask(ctx context.Context, api http.Handler, path string) (*answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/api/v1/"+path, nil)
	if err != nil {
		return nil, err
	}
	w := &answer{head: http.Header{}, status: http.StatusOK}
	api.ServeHTTP(w, r)
	return w, nil
}

// An answer is a response kept in memory.
type answer struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.head }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// component escapes a part of an address just as the page does, with encodeURIComponent: addresses are keys here.
func component(s string) string {
	return strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(url.QueryEscape(s))
}
