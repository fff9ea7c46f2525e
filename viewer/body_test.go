package viewer_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/viewer"
)

// ask sends a request from an address.
func ask(h http.Handler, method, target, from string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host, r.RemoteAddr = "127.0.0.1:8420", from
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	here  = "127.0.0.1:50000"
	there = "192.0.2.7:50000"
)

// unpack returns what an answer holds, and whether it was packed.
func unpack(t *testing.T, w *httptest.ResponseRecorder) ([]byte, bool) {
	t.Helper()
	body := w.Body.Bytes()
	if got, want := w.Header().Get("Content-Length"), strconv.Itoa(len(body)); got != want {
		t.Errorf("Content-Length = %s of %s bytes", got, want)
	}
	switch coding := w.Header().Get("Content-Encoding"); coding {
	case "":
		return body, false
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
		return body, true
	default:
		t.Fatalf("Content-Encoding = %s", coding)
		return nil, false
	}
}

// TestPackedPage: the page's files go out as gzip to whoever takes it, and are what they are without.
func TestPackedPage(t *testing.T) {
	h := newHandler(t, newStore(t))
	html := ask(h, "GET", "/", here).Body.String()
	var paths []string
	for _, f := range regexp.MustCompile(`(?:src|href)="(assets/[^"]+)"`).FindAllStringSubmatch(html, -1) {
		paths = append(paths, "/"+f[1])
	}
	for _, path := range paths {
		plain := ask(h, "GET", path, here)
		want, packed := unpack(t, plain)
		if packed {
			t.Errorf("%s is packed without being asked for so", path)
		}
		w := ask(h, "GET", path, here, "Accept-Encoding", "gzip, deflate, br, zstd")
		got, packed := unpack(t, w)
		if !bytes.Equal(got, want) {
			t.Errorf("%s: unpacked, it is another", path)
		}
		text := !strings.HasSuffix(path, ".woff2")
		if packed != text || (w.Header().Get("Vary") == "Accept-Encoding") != text || plain.Header().Get("Vary") != w.Header().Get("Vary") {
			t.Errorf("%s: packed %v, Vary %q", path, packed, w.Header().Values("Vary"))
		}
		if tag := w.Header().Get("ETag"); text == (tag == plain.Header().Get("ETag")) || tag == "" {
			t.Errorf("%s: ETag %s packed, %s plain", path, tag, plain.Header().Get("ETag"))
		}
		for _, head := range []string{"Content-Type", "Cache-Control", "Content-Security-Policy"} {
			if w.Header().Get(head) != plain.Header().Get(head) || w.Header().Get(head) == "" {
				t.Errorf("%s: %s %q packed, %q plain", path, head, w.Header().Get(head), plain.Header().Get(head))
			}
		}
		headed := ask(h, "HEAD", path, here, "Accept-Encoding", "gzip")
		if headed.Body.Len() != 0 || headed.Header().Get("Content-Length") != w.Header().Get("Content-Length") ||
			headed.Header().Get("Content-Encoding") != w.Header().Get("Content-Encoding") || headed.Header().Get("ETag") != w.Header().Get("ETag") {
			t.Errorf("HEAD %s = %v, GET %v", path, headed.Header(), w.Header())
		}
	}
}

func TestAcceptEncoding(t *testing.T) {
	h := newHandler(t, newStore(t))
	style := "/" + regexp.MustCompile(`assets/[^"]+css`).FindString(ask(h, "GET", "/", here).Body.String())
	for _, c := range []struct {
		accept string
		packed bool
	}{
		{"gzip", true}, {"GZIP", true}, {"br, gzip;q=0.5", true}, {"x-gzip", true}, {"*", true}, {"identity, *;q=0.1", true},
		{"", false}, {"br", false}, {"gzip;q=0", false}, {"gzip; q=0.000", false}, {"*;q=0", false}, {"gzip;q=0, *", false}, {"gzip;q=x", false}, {"gzipped", false},
	} {
		if _, packed := unpack(t, ask(h, "GET", style, there, "Accept-Encoding", c.accept)); packed != c.packed {
			t.Errorf("Accept-Encoding %q: packed is %v", c.accept, packed)
		}
	}
	if _, packed := unpack(t, ask(h, "GET", style, there, "Accept-Encoding", "br", "Accept-Encoding", "gzip")); !packed {
		t.Error("a second header is not read")
	}
}

// TestPackedAnswers: long answers in JSON are packed for other machines, and no others.
func TestPackedAnswers(t *testing.T) {
	store := newStore(t)
	h := newHandler(t, store)
	run := newTraining(2000, "a", "b").log(t, store, "r", 1)
	id := project(t, store, run.ID(), 2).Info().ID
	long, short := api+"runs/r/samples", api+"runs/r/epochs"
	for _, c := range []struct {
		name, path, from string
		packed           bool
		headers          []string
	}{
		{name: "long", path: long, from: there, packed: true},
		{name: "long again", path: long, from: there, packed: true},
		{name: "short", path: short, from: there},
		{name: "here", path: long, from: here},
		{name: "here by IPv6", path: long, from: "[::1]:50000"},
		{name: "here, mapped", path: long, from: "[::ffff:127.0.0.1]:50000"},
		{name: "there by IPv6", path: long, from: "[2001:db8::1]:50000", packed: true},
		{name: "a proxy here", path: long, from: here, packed: true, headers: []string{"X-Forwarded-For", "192.0.2.7"}},
		{name: "a socket", path: long, from: "@"},
		{name: "points as CSV", path: api + "projections/" + id + "/points?format=csv", from: there, packed: true},
		{name: "points as an array", path: api + "projections/" + id + "/points?format=npy", from: there},
		{name: "positions", path: api + "projections/" + id + "/revisions/1/positions", from: there},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, _ := unpack(t, ask(h, "GET", c.path, here))
			w := ask(h, "GET", c.path, c.from, append(c.headers, "Accept-Encoding", "gzip")...)
			got, packed := unpack(t, w)
			if w.Code != http.StatusOK || packed != c.packed || !bytes.Equal(got, want) {
				t.Errorf("%d, packed %v, %d bytes, want %d", w.Code, packed, len(got), len(want))
			}
			if packed && w.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("Vary = %q", w.Header().Values("Vary"))
			}
		})
	}
	// A tag is of the bytes that were sent: those of the other coding are not what the client has.
	packed := ask(h, "GET", long, there, "Accept-Encoding", "gzip")
	plain := ask(h, "GET", long, there)
	tag, other := packed.Header().Get("ETag"), plain.Header().Get("ETag")
	if w := ask(h, "GET", long, there, "Accept-Encoding", "gzip", "If-None-Match", tag); w.Code != http.StatusNotModified || w.Header().Get("Content-Encoding") != "" ||
		w.Header().Get("ETag") != tag || w.Header().Get("Vary") != "Accept-Encoding" || w.Body.Len() != 0 {
		t.Errorf("If-None-Match with its tag = %d %v", w.Code, w.Header())
	}
	if w := ask(h, "GET", long, there, "Accept-Encoding", "gzip", "If-None-Match", other); w.Code != http.StatusOK {
		t.Errorf("If-None-Match with the tag of the plain answer = %d", w.Code)
	}
	if w := ask(h, "GET", long, there, "If-None-Match", tag); w.Code != http.StatusOK {
		t.Errorf("If-None-Match with the tag of the packed answer = %d", w.Code)
	}
	if w := ask(h, "GET", long, there, "If-None-Match", other); w.Code != http.StatusNotModified {
		t.Errorf("If-None-Match with the plain answer's tag = %d", w.Code)
	}
	if w := ask(h, "HEAD", long, there, "Accept-Encoding", "gzip"); w.Body.Len() != 0 || w.Header().Get("Content-Length") != packed.Header().Get("Content-Length") {
		t.Errorf("HEAD = %d bytes, %v", w.Body.Len(), w.Header())
	}
	if w := ask(h, "GET", api+"runs/unknown", there, "Accept-Encoding", "gzip"); w.Code != http.StatusNotFound || w.Header().Get("Content-Encoding") != "" {
		t.Errorf("an error = %d %v", w.Code, w.Header())
	}
}

// TestEventsUnpacked: events must arrive when they happen, and not when a packer has enough of them.
func TestEventsUnpacked(t *testing.T) {
	server := newServer(t, newStore(t), viewer.Options{})
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+api+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("X-Forwarded-For", "192.0.2.7")
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.Header.Get("Content-Encoding") != "" || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("events come with %v", answer.Header)
	}
}
