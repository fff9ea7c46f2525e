package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/ingest"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// fuzzed is a server that strangers send to, with little memory.
type fuzzed struct {
	*servertest.Client
	h *ingest.Handler
}

const fuzzMemory = 1 << 20

func newFuzzed(f *testing.F) *fuzzed {
	c := newClient(f, newStore(f), ingest.Options{MaxMemory: fuzzMemory, MaxFrame: fuzzMemory / 4})
	z := &fuzzed{c, c.Handler.(*ingest.Handler)}
	z.restore(f)
	c.Do(200, "POST", "runs/e%2Fr/samples", servertest.SamplesJSON(8))
	return z
}

// restore makes the run r as it was, whatever the last request did to it.
func (z *fuzzed) restore(t testing.TB) {
	c := servertest.Client{T: t, Store: z.Store, Handler: z.h}
	c.Send("POST", "runs", "application/json", strings.NewReader(`{"experiment": "e", "name": "r", "resume": "allow"}`))
}

// serve sends a request, and checks what must hold whatever it is.
func (z *fuzzed) serve(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	z.h.ServeHTTP(w, r)
	frames, reading := z.h.Memory()
	if waiting := z.h.Waiting(); frames != waiting || reading != 0 || frames > fuzzMemory {
		t.Errorf("memory: %d bytes are taken for frames that say %d, and %d for reading", frames, waiting, reading)
	}
	if w.Code == 500 {
		t.Errorf("answer %d %s", w.Code, w.Body)
	}
	if w.Code >= 400 {
		var e struct{ Error, Code string }
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Error == "" || e.Code == "" {
			t.Errorf("answer %d %q is no error", w.Code, w.Body)
		}
	}
	return w
}

// jsonPaths are where JSON goes, by number.
var jsonPaths = []struct{ method, path string }{
	{"POST", "runs"},
	{"PATCH", "runs/e%2Fr"},
	{"POST", "runs/e%2Fr/samples"},
	{"POST", "runs/e%2Fr/epochs/1"},
	{"POST", "runs/e%2Fr/metrics"},
	{"POST", "runs/e%2Fr/truncate"},
	{"POST", "runs/e%2Fr/fail"},
	{"POST", "runs/e%2Fr/finish"},
	{"POST", "runs/e%2Fr/heartbeat"},
}

// FuzzJSON sends bodies to all that takes JSON.
func FuzzJSON(f *testing.F) {
	d := servertest.ReadDocument(f, "../api/openapi.json")
	for route, op := range d.Operations() {
		if b := d.Example(op, route); b != nil {
			for i := range jsonPaths {
				f.Add(byte(i), "", b)
			}
		}
	}
	f.Add(byte(4), "key", []byte(`{"metrics": [{"step": 1, "values": {"a": "NaN", "b": 1e308, "c": "-Infinity"}}]}`))
	f.Add(byte(3), "key", []byte(`{"outputs": {"losses": [null, "NaN"], "ids": ["s1", "s2"]}}`))
	f.Add(byte(2), "", []byte(`{"samples": [{"id": "\u0000", "metadata": {"a": [[[{}]]]}}]}`))
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, to byte, key string, body []byte) {
		p := jsonPaths[int(to)%len(jsonPaths)]
		r := httptest.NewRequest(p.method, "/api/v1/"+p.path, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header["Idempotency-Key"] = []string{key}
		w := z.serve(t, r)
		if w.Code == 200 && (p.method == "PATCH" || strings.HasSuffix(p.path, "fail") || strings.HasSuffix(p.path, "finish")) {
			z.restore(t)
		}
	})
}

// FuzzFrame sends bodies to where frames go. A frame that is taken can be committed, and comes back as it was sent, unless
// it does not fit its epoch.
func FuzzFrame(f *testing.F) {
	f.Add(servertest.Npy(8, 3, 0), true, uint16(0))
	f.Add(servertest.Npy(8, 3, 0)[:50], true, uint16(1))
	f.Add(raw(nil, 2, servertest.Vectors(8, 2, 0)), false, uint16(0))
	f.Add(raw([]string{"s3", "s1"}, 5, servertest.Vectors(2, 5, 0)), true, uint16(9))
	f.Add([]byte("ZFR1\x1c\x00\x00\x00{\"rows\": 8, \"dim\": 16777216}"), false, uint16(0))
	f.Add([]byte("ZFR1\xff\xff\xff\x00"), false, uint16(0))
	f.Add([]byte("\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }"), true, uint16(0))
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, body []byte, sized bool, number uint16) {
		path := fmt.Sprintf("runs/e%%2Fr/epochs/%d/frames/fc%d", number%4, number%3)
		if number >= 100 {
			path += fmt.Sprintf("?part=%d", number-100)
		}
		r := httptest.NewRequest("PUT", "/api/v1/"+path, bytes.NewReader(body))
		if !sized {
			r.ContentLength = -1
		}
		if w := z.serve(t, r); w.Code == 202 {
			commit := fmt.Sprintf("runs/e%%2Fr/epochs/%d", number%4)
			r := httptest.NewRequest("POST", "/api/v1/"+commit, strings.NewReader(fmt.Sprintf(`{"layers": ["fc%d"]}`, number%3)))
			r.Header.Set("Content-Type", "application/json")
			if w := z.serve(t, r); w.Code != 200 && w.Code != 400 {
				t.Errorf("a frame that was taken is committed with %d %s", w.Code, w.Body)
			}
			z.restore(t) // which forgets what waits
		} else if w.Code == 503 {
			t.Errorf("memory is full: %s", w.Body)
		}
	})
}

// FuzzRequest sends any method to any path, with any header.
func FuzzRequest(f *testing.F) {
	for _, p := range jsonPaths {
		f.Add(p.method, p.path, "Idempotency-Key", "k", []byte(`{}`))
	}
	f.Add("GET", "runs/../../etc/passwd", "Host", "x", []byte(nil))
	f.Add("PUT", "runs/%2e%2e%2f/epochs/-1/frames/%00", "Content-Encoding", "gzip", []byte("ZFR1"))
	f.Add("POST", "runs//", "Content-Type", "application/json; charset=x", []byte(`{"name": "a"}`))
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, method, path, name, value string, body []byte) {
		u, err := url.Parse("http://localhost/api/v1/" + path)
		if err != nil {
			return
		}
		r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
		r.Method, r.URL = method, u
		r.Header.Set("Content-Type", "application/json")
		r.Header[http.CanonicalHeaderKey(name)] = []string{value}
		w := httptest.NewRecorder()
		z.h.ServeHTTP(w, r)
		if w.Code == 500 {
			t.Errorf("%s %s = %d %s", method, path, w.Code, w.Body)
		}
		if frames, reading := z.h.Memory(); reading != 0 || frames != z.h.Waiting() {
			t.Errorf("memory: %d and %d bytes are taken", frames, reading)
		}
		if w.Code < 300 {
			z.restore(t)
		}
	})
}
