package access_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/access"
)

const (
	reader = "reader-0123456789"
	logger = "logger-0123456789"
	both   = "both-01234567890123"
)

func tokens(t testing.TB) []access.Token {
	t.Helper()
	var list []access.Token
	for secret, permits := range map[string]access.Permission{reader: access.Read, logger: access.Log, both: access.Read | access.Log} {
		token, err := access.NewToken(secret, permits)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, token)
	}
	return list
}

// inside answers with the method and path that it was asked for.
var inside = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Inside", "yes")
	fmt.Fprintf(w, "%s %s", r.Method, r.URL.EscapedPath())
})

func newGuard(t testing.TB, o access.Options) *access.Guard {
	t.Helper()
	g, err := access.New(inside, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ask sends a request as it arrives at 127.0.0.1:8420; headers are names and values in turn.
func ask(g http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host, r.RemoteAddr = "127.0.0.1:8420", "127.0.0.1:50000"
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8420}))
	for i := 0; i < len(headers); i += 2 {
		switch headers[i] {
		case "Host":
			r.Host = headers[i+1]
		case "From":
			r.RemoteAddr = headers[i+1]
		case "At":
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(headers[i+1]), Port: 8420}))
		default:
			r.Header.Add(headers[i], headers[i+1])
		}
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

func code(w *httptest.ResponseRecorder) string {
	var v struct{ Code string }
	json.Unmarshal(w.Body.Bytes(), &v)
	return v.Code
}

func TestBasePath(t *testing.T) {
	for _, base := range []string{"/lab/zoetrope", "/lab/zoetrope/"} {
		g := newGuard(t, access.Options{BasePath: base})
		for path, want := range map[string]string{
			"/lab/zoetrope/":                  "GET /",
			"/lab/zoetrope/api/v1/runs/a%2Fb": "GET /api/v1/runs/a%2Fb",
			"/lab/zoetrope/login":             "<!doctype",
		} {
			if w := ask(g, "GET", path, ""); w.Code != 200 || !strings.HasPrefix(w.Body.String(), want) {
				t.Errorf("%s under %s = %d %.60s, want %s", path, base, w.Code, w.Body, want)
			}
		}
		if w := ask(g, "GET", "/lab/zoetrope", ""); w.Code != 308 || w.Header().Get("Location") != "/lab/zoetrope/" {
			t.Errorf("without the slash = %d %s", w.Code, w.Header().Get("Location"))
		}
		for _, path := range []string{"/", "/api/v1/runs", "/lab/", "/lab/zoetropes/", "/lab%2Fzoetrope/"} {
			if w := ask(g, "GET", path, ""); w.Code != 404 {
				t.Errorf("%s under %s = %d", path, base, w.Code)
			}
		}
	}
	for _, bad := range []string{"lab", "//evil.example", "/a/../b", "/a?x", "/a b", "/a;b", "http://x/"} {
		if _, err := access.New(inside, access.Options{BasePath: bad}); err == nil {
			t.Errorf("the base path %q is taken", bad)
		}
	}
}
