package viewer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/viewer"
)

// TestBadRequests: each gets its status, and a message in JSON that says what is wrong.
func TestBadRequests(t *testing.T) {
	store := newStore(t)
	h := newHandler(t, store)
	run := newTraining(20, "a", "b").log(t, store, "r", 2)
	newTraining(4, "a").log(t, store, "other", 1)
	if _, err := store.Start(t.Context(), startConfig("twin", "r")); err != nil {
		t.Fatal(err)
	}
	id := project(t, store, run.ID(), 2).Info().ID
	base := "projections/" + id
	for _, c := range []struct {
		path   string
		status int
		says   string
	}{
		{"nothing", 404, "nothing at"},
		{"runs/unknown", 404, "unknown"},
		{"runs/r", 400, "r"}, // two experiments have one
		{"runs/unknown/epochs", 404, "unknown"},
		{"runs/unknown/metrics", 404, "unknown"},
		{"runs/unknown/samples", 404, "unknown"},
		{"runs/unknown/provisional", 404, "unknown"},
		{"runs/other/metrics?since=yes", 400, `since = "yes"`},
		{"runs/other/metrics?since=-1", 400, "since"},
		{"runs/other/epochs/x/outputs", 400, `epoch = "x"`},
		{"runs/other/epochs/7/outputs", 404, "7"},
		{"runs/other/epochs/1/outputs?seq=1.5", 400, "seq"},
		{"runs/other/samples/zzz/thumbnail", 404, "zzz"},
		{"runs/other/sprite/nonsense/0.png", 410, "nonsense"},
		{"runs/other/provisional?layer=fc9", 404, `layer "fc9"`},
		{"runs/other/provisional/old/positions", 410, "old"},
		{"projections?run=unknown", 404, "unknown"},
		{"projections/unknown", 404, "unknown"},
		{"projections/unknown/layout", 404, "unknown"},
		{base + "/layout?run=other", 404, "not on projection"},
		{base + "/layout?run=unknown", 404, "unknown"},
		{base + "/revisions/99/positions", 410, "revision 99"},
		{base + "/revisions/1/positions?epochs=1,x", 400, `epochs = "x"`},
		{base + "/revisions/1/positions?epochs=9", 400, "epoch 9"},
		{base + "/revisions/1/positions?epochs=1,1,1", 400, "3 are asked for"},
		{base + "/revisions/1/positions?format=f64", 400, `format = "f64"`},
		{base + "/revisions/1/positions?rows=7", 410, "20 samples"},
		{base + "/points?epoch=9", 404, "9"},
		{base + "/points?epoch=x", 400, "epoch"},
		{base + "/points?epoch=1&sample=zzz", 404, "zzz"},
		{base + "/trajectory?epoch=1", 400, "all epochs"},
		{base + "/neighbors", 400, "epoch and a sample"},
		{base + "/neighbors?epoch=1&sample=zzz", 404, "zzz"},
		{base + "/neighbors?epoch=1&sample=s1&k=0", 400, `k = "0"`},
		{base + "/neighbors?epoch=5&sample=s1", 404, "5"},
		{"events?after=x", 400, `after = "x"`},
		{"events?after=-3", 400, "after"},
	} {
		t.Run(c.path, func(t *testing.T) {
			w := get(t, h, api+c.path)
			var answer struct{ Error string }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Error == "" {
				t.Fatalf("answer %d %q is no error in JSON: %v", w.Code, w.Body, err)
			}
			if w.Code != c.status || !strings.Contains(answer.Error, c.says) {
				t.Errorf("got %d %q, want %d with %q", w.Code, answer.Error, c.status, c.says)
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control = %q, want no-store", got)
			}
		})
	}
}

func TestClosedStore(t *testing.T) {
	store := newStore(t)
	h := newHandler(t, store)
	store.Close()
	if w := get(t, h, api+"runs"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s, want 503", w.Code, w.Body)
	}
}

func TestMethods(t *testing.T) {
	h := newHandler(t, newStore(t))
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
		r := httptest.NewRequest(method, api+"runs", nil)
		r.Host = "localhost"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s = %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	r := httptest.NewRequest("HEAD", api+"runs", nil)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("ETag") == "" {
		t.Errorf("HEAD = %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
}

// TestHosts: a page whose name was pointed at this machine gets nothing from it.
func TestHosts(t *testing.T) {
	store := newStore(t)
	h := viewer.New(store, viewer.Options{Hosts: []string{"lab.example"}})
	defer h.Close()
	ask := func(host string, local net.Addr) int {
		r := httptest.NewRequest("GET", api+"runs", nil)
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
	h := newHandler(t, newStore(t))
	for _, path := range []string{"/", api + "runs", "/nothing", api + "runs/unknown"} {
		head := get(t, h, path).Header()
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
	h := viewer.New(newStore(t), viewer.Options{Frames: []string{"http://localhost:8888", "https://lab.example.org"}})
	t.Cleanup(func() { h.Close() })
	head := get(t, h, "/").Header()
	if p := head.Get("Content-Security-Policy"); !strings.HasSuffix(p, "; frame-ancestors http://localhost:8888 https://lab.example.org") {
		t.Errorf("policy %q", p)
	}
	if got := head.Values("X-Frame-Options"); got != nil {
		t.Errorf("X-Frame-Options = %q", got)
	}
	if got := get(t, newHandler(t, newStore(t)), "/").Header().Get("X-Frame-Options"); got != "DENY" {
		t.Errorf("X-Frame-Options = %q without frames, want DENY", got)
	}
}

// TestPage: the page loads nothing from elsewhere, holds no inline script or style, and its files may be kept.
func TestPage(t *testing.T) {
	h := newHandler(t, newStore(t))
	w := get(t, h, "/")
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
		w := get(t, h, "/"+f[1])
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s = %d %v", f[1], w.Code, w.Header())
		}
	}
	for _, path := range []string{"/assets/old/app.js", "/" + regexp.MustCompile(`[^/]+$`).ReplaceAllString(files[0][1], "index.html"), "/assets/", "/dist/app.js", "/%2e%2e/go.mod"} {
		if w := get(t, h, path); w.Code == http.StatusOK {
			t.Errorf("GET %s = 200", path)
		}
	}
}

// TestPrefix: the page works below any prefix, because all its addresses are relative.
func TestPrefix(t *testing.T) {
	h := http.StripPrefix("/run/42", newHandler(t, newStore(t)))
	for _, path := range []string{"/run/42/", "/run/42/api/v1/runs"} {
		if w := get(t, h, path); w.Code != http.StatusOK {
			t.Errorf("GET %s = %d", path, w.Code)
		}
	}
	if html := get(t, h, "/run/42/").Body.Bytes(); bytes.Contains(html, []byte(`="/`)) {
		t.Error("the page has an address that begins at the root")
	}
}

func TestNotModified(t *testing.T) {
	store := newStore(t)
	h := newHandler(t, store)
	run := newTraining(6, "a").log(t, store, "r", 1)
	first := get(t, h, api+"runs/r/epochs")
	tag := first.Header().Get("ETag")
	if first.Header().Get("Cache-Control") != "no-cache" || tag == "" {
		t.Fatalf("headers = %v", first.Header())
	}
	for _, sent := range []string{tag, "W/" + tag, `"x", ` + tag} {
		if w := get(t, h, api+"runs/r/epochs", "If-None-Match", sent); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
			t.Errorf("If-None-Match %s = %d, %d bytes", sent, w.Code, w.Body.Len())
		}
	}
	logEpoch(t, run, newTraining(6, "a").epoch(2))
	if w := get(t, h, api+"runs/r/epochs", "If-None-Match", tag); w.Code != http.StatusOK {
		t.Errorf("after a new epoch = %d", w.Code)
	}
	// An epoch's outputs may be kept under the seq that they were asked for with, and only then.
	epochs := decode[struct{ Epochs []struct{ Seq int } }](t, h, api+"runs/r/epochs").Epochs
	for seq, want := range map[int]string{epochs[0].Seq: "immutable", epochs[0].Seq + 1000: "no-cache"} {
		if got := get(t, h, fmt.Sprintf("%sruns/r/epochs/1/outputs?seq=%d", api, seq)).Header().Get("Cache-Control"); !strings.Contains(got, want) {
			t.Errorf("outputs with seq %d: Cache-Control = %q, want %s", seq, got, want)
		}
	}
}
