package api_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// TestPackedAnswers: long answers in JSON are packed for other machines, and no others.
func TestPackedAnswers(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	run := servertest.NewTraining(2000, "a", "b").Log(t, store, "r", 1)
	id := servertest.Project(t, store, run.ID(), 2).Info().ID
	long, short := root+"runs/r/samples", root+"runs/r/epochs"
	for _, c := range []struct {
		name, path, from string
		packed           bool
		headers          []string
	}{
		{name: "long", path: long, from: servertest.There, packed: true},
		{name: "long again", path: long, from: servertest.There, packed: true},
		{name: "short", path: short, from: servertest.There},
		{name: "here", path: long, from: servertest.Here},
		{name: "here by IPv6", path: long, from: "[::1]:50000"},
		{name: "servertest.Here, mapped", path: long, from: "[::ffff:127.0.0.1]:50000"},
		{name: "there by IPv6", path: long, from: "[2001:db8::1]:50000", packed: true},
		{name: "a proxy here", path: long, from: servertest.Here, packed: true, headers: []string{"X-Forwarded-For", "192.0.2.7"}},
		{name: "a socket", path: long, from: "@"},
		{name: "points as CSV", path: root + "projections/" + id + "/points?format=csv", from: servertest.There, packed: true},
		{name: "points as an array", path: root + "projections/" + id + "/points?format=npy", from: servertest.There},
		{name: "positions", path: root + "projections/" + id + "/revisions/1/positions", from: servertest.There},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, _ := servertest.Unpack(t, servertest.Ask(h, "GET", c.path, servertest.Here))
			w := servertest.Ask(h, "GET", c.path, c.from, append(c.headers, "Accept-Encoding", "gzip")...)
			got, packed := servertest.Unpack(t, w)
			if w.Code != http.StatusOK || packed != c.packed || !bytes.Equal(got, want) {
				t.Errorf("%d, packed %v, %d bytes, want %d", w.Code, packed, len(got), len(want))
			}
			if packed && w.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("Vary = %q", w.Header().Values("Vary"))
			}
		})
	}
	// A tag is of the bytes that were sent: those of the other coding are not what the client has.
	packed := servertest.Ask(h, "GET", long, servertest.There, "Accept-Encoding", "gzip")
	plain := servertest.Ask(h, "GET", long, servertest.There)
	tag, other := packed.Header().Get("ETag"), plain.Header().Get("ETag")
	if w := servertest.Ask(h, "GET", long, servertest.There, "Accept-Encoding", "gzip", "If-None-Match", tag); w.Code != http.StatusNotModified || w.Header().Get("Content-Encoding") != "" ||
		w.Header().Get("ETag") != tag || w.Header().Get("Vary") != "Accept-Encoding" || w.Body.Len() != 0 {
		t.Errorf("If-None-Match with its tag = %d %v", w.Code, w.Header())
	}
	if w := servertest.Ask(h, "GET", long, servertest.There, "Accept-Encoding", "gzip", "If-None-Match", other); w.Code != http.StatusOK {
		t.Errorf("If-None-Match with the tag of the plain answer = %d", w.Code)
	}
	if w := servertest.Ask(h, "GET", long, servertest.There, "If-None-Match", tag); w.Code != http.StatusOK {
		t.Errorf("If-None-Match with the tag of the packed answer = %d", w.Code)
	}
	if w := servertest.Ask(h, "GET", long, servertest.There, "If-None-Match", other); w.Code != http.StatusNotModified {
		t.Errorf("If-None-Match with the plain answer's tag = %d", w.Code)
	}
	if w := servertest.Ask(h, "HEAD", long, servertest.There, "Accept-Encoding", "gzip"); w.Body.Len() != 0 || w.Header().Get("Content-Length") != packed.Header().Get("Content-Length") {
		t.Errorf("HEAD = %d bytes, %v", w.Body.Len(), w.Header())
	}
	if w := servertest.Ask(h, "GET", root+"runs/unknown", servertest.There, "Accept-Encoding", "gzip"); w.Code != http.StatusNotFound || w.Header().Get("Content-Encoding") != "" {
		t.Errorf("an error = %d %v", w.Code, w.Header())
	}
}

// TestEventsUnpacked: events must arrive when they happen, and not when a packer has enough of them.
func TestEventsUnpacked(t *testing.T) {
	server := newServer(t, servertest.NewStore(t), api.Options{})
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+root+"events", nil)
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
