package servertest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

// Ask sends a request from an address.
func Ask(h http.Handler, method, target, from string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host, r.RemoteAddr = "127.0.0.1:8420", from
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Where requests come from: this machine, and another one.
const (
	Here  = "127.0.0.1:50000"
	There = "192.0.2.7:50000"
)

// Unpack returns what an answer holds, and whether it was packed.
func Unpack(t *testing.T, w *httptest.ResponseRecorder) ([]byte, bool) {
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
