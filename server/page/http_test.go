package page_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/server/page"
)

func TestMethods(t *testing.T) {
	h := newHandler(t, servertest.NewStore(t))
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
		r := httptest.NewRequest(method, "/api/v1/"+"runs", nil)
		r.Host = "localhost"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s = %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	r := httptest.NewRequest("HEAD", "/api/v1/"+"runs", nil)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("ETag") == "" {
		t.Errorf("HEAD = %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
}

// TestHosts: a page whose name was pointed at this machine gets nothing from it.
func TestHosts(t *testing.T) {
	store := servertest.NewStore(t)
	h := newPage(t, store, page.Options{Hosts: []string{"lab.example"}})
	ask := func(host string, local net.Addr) int {
		r := httptest.NewRequest("GET", "/api/v1/"+"runs", nil)
		r.Host = host
		if local != nil {
			r = r.WithContext(contextWithLocal(r, local))
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8420}
	lan := &net.TCPAddr{IP: net.IPv4(192, 168, 1, 5), Port: 8420}
	for _, host := range []string{"localhost", "LOCALHOST:8420", "localhost.", "127.0.0.1:1", "127.8.9.1", "[::1]:8420", "::1", "[::ffff:127.0.0.1]:80",
		"a.localhost", "lab.example", "lab.example:8420"} {
		if got := ask(host, loopback); got != http.StatusOK {
			t.Errorf("host %s = %d, want 200", host, got)
		}
	}
	for _, host := range []string{"evil.example", "evil.example:8420", "127.0.0.1.evil.example", "localhost.evil.example", "192.168.1.5:8420", "", "[", "lab.example.evil"} {
		if got := ask(host, loopback); got != http.StatusForbidden {
			t.Errorf("host %q = %d, want 403", host, got)
		}
		if got := ask(host, nil); got != http.StatusForbidden {
			t.Errorf("host %q without a known address = %d, want 403", host, got)
		}
	}
	if got := ask("192.168.1.5:8420", lan); got != http.StatusOK {
		t.Errorf("an address that is not loopback = %d, want 200", got)
	}
}

func TestSecurityHeaders(t *testing.T) {
	h := newHandler(t, servertest.NewStore(t))
	for _, path := range []string{"/", "/api/v1/runs", "/nothing", "/api/v1/runs/unknown"} {
		head := servertest.Get(t, h, path).Header()
		policy := head.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %s", path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
			t.Errorf("%s: policy %q is too wide", path, policy)
		}
		if head.Get("X-Content-Type-Options") != "nosniff" || head.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", path, head)
		}
	}
}

// TestFrames: only the pages that are named may show this one in a frame.
func TestFrames(t *testing.T) {
	h := newPage(t, servertest.NewStore(t), page.Options{Frames: []string{"http://localhost:8888", "https://lab.example.org"}})
	head := servertest.Get(t, h, "/").Header()
	if p := head.Get("Content-Security-Policy"); !strings.HasSuffix(p, "; frame-ancestors http://localhost:8888 https://lab.example.org") {
		t.Errorf("policy %q", p)
	}
	if got := head.Values("X-Frame-Options"); got != nil {
		t.Errorf("X-Frame-Options = %q", got)
	}
	if got := servertest.Get(t, newHandler(t, servertest.NewStore(t)), "/").Header().Get("X-Frame-Options"); got != "DENY" {
		t.Errorf("X-Frame-Options = %q without frames, want DENY", got)
	}
}

// TestPage: the page loads nothing from elsewhere, holds no inline script or style, and its files may be kept.
func TestPage(t *testing.T) {
	h := newHandler(t, servertest.NewStore(t))
	w := servertest.Get(t, h, "/")
	html := w.Body.String()
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("GET / = %d %v", w.Code, w.Header())
	}
	for _, banned := range []string{" style=", " onload=", " onerror=", "javascript:", "<style", "//"} {
		if strings.Contains(strings.ReplaceAll(html, "http://www.w3.org", ""), banned) {
			t.Errorf("the page holds %q", banned)
		}
	}
	files := regexp.MustCompile(`(?:src|href)="(assets/[^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(files) < 4 {
		t.Fatalf("the page names %d files", len(files))
	}
	for _, f := range files {
		w := servertest.Get(t, h, "/"+f[1])
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s = %d %v", f[1], w.Code, w.Header())
		}
	}
	for _, path := range []string{"/assets/old/app.js", "/" + regexp.MustCompile(`[^/]+$`).ReplaceAllString(files[0][1], "index.html"), "/assets/", "/dist/app.js", "/%2e%2e/go.mod"} {
		if w := servertest.Get(t, h, path); w.Code == http.StatusOK {
			t.Errorf("GET %s = 200", path)
		}
	}
}

// TestPrefix: the page works below any prefix, because all its addresses are relative.
func TestPrefix(t *testing.T) {
	h := http.StripPrefix("/run/42", newHandler(t, servertest.NewStore(t)))
	for _, path := range []string{"/run/42/", "/run/42/api/v1/runs"} {
		if w := servertest.Get(t, h, path); w.Code != http.StatusOK {
			t.Errorf("GET %s = %d", path, w.Code)
		}
	}
	if html := servertest.Get(t, h, "/run/42/").Body.Bytes(); bytes.Contains(html, []byte(`="/`)) {
		t.Error("the page has an address that begins at the root")
	}
}

// contextWithLocal is what the server sets: the address at which the request came in.
func contextWithLocal(r *http.Request, a net.Addr) context.Context {
	return context.WithValue(r.Context(), http.LocalAddrContextKey, a)
}
