package access_test

import (
	"bytes"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/access"
)

// FuzzGuard: whatever is sent, nobody passes without a token.
func FuzzGuard(f *testing.F) {
	f.Add("GET", "/lab/api/v1/runs", "127.0.0.1", "Authorization", "Bearer x", []byte(nil))
	f.Add("POST", "/lab/api/v1/session", "[::1]:1", "Content-Type", "application/json", []byte(`{"token": "x", "path": "/"}`))
	f.Add("GET", "/lab/", "a.localhost.", "Cookie", "zoetrope=AAAA", []byte(nil))
	f.Add("GET", "//lab", "lab.example", "Origin", "null", []byte(nil))
	f.Add("PUT", "/lab/%2flogin/../x", "localhost", "Sec-Fetch-Site", "none", []byte("x"))
	g := newGuard(f, access.Options{Tokens: tokens(f), Hosts: []string{"lab.example"}, BasePath: "/lab"})
	f.Fuzz(func(t *testing.T, method, path, host, name, value string, body []byte) {
		u, err := url.Parse(path)
		if err != nil || strings.Contains(value, reader) || strings.Contains(value, logger) || strings.Contains(value, both) ||
			bytes.Contains(body, []byte(reader)) || bytes.Contains(body, []byte(logger)) || bytes.Contains(body, []byte(both)) {
			return
		}
		r := httptest.NewRequest("GET", "/", bytes.NewReader(body))
		r.Method, r.URL, r.Host = method, u, host
		r.Header.Set(name, value)
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Header().Get("X-Inside") != "" {
			t.Errorf("%s %s passes: %d %s", method, path, w.Code, w.Body)
		}
		if c := w.Header().Get("Set-Cookie"); c != "" && !strings.Contains(c, "Max-Age=0") {
			t.Errorf("%s %s gets a cookie: %s", method, path, c)
		}
	})
}
