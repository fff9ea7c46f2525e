package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A client asks the whole server as another program would.
type client struct {
	t     testing.TB
	store *tracker.Store
	h     http.Handler
}

// send sends a request to a path below /api/v1/.
func (c *client) send(method, path, kind string, body io.Reader) *httptest.ResponseRecorder {
	c.t.Helper()
	r := httptest.NewRequest(method, "/api/v1/"+path, body)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	return w
}

// do sends JSON, which must be answered with a status, and returns the answer.
func (c *client) do(want int, method, path, body string) map[string]any {
	c.t.Helper()
	return c.expect(want, c.send(method, path, "application/json", strings.NewReader(body)))
}

func (c *client) expect(want int, w *httptest.ResponseRecorder) map[string]any {
	c.t.Helper()
	if w.Code != want {
		c.t.Fatalf("answer %d %s, want %d", w.Code, w.Body, want)
	}
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		c.t.Fatalf("answer %q: %v", w.Body, err)
	}
	return v
}

// put puts a frame of n×dim, whose rows are value, value+1, …, as .npy.
func (c *client) put(run string, epoch int, layer string, n, dim int, value float32) {
	c.t.Helper()
	path := fmt.Sprintf("runs/%s/epochs/%d/frames/%s", run, epoch, layer)
	c.expect(202, c.send("PUT", path, "application/octet-stream", bytes.NewReader(npy(n, dim, value))))
}

func npy(n, dim int, value float32) []byte {
	v := make([]float32, n*dim)
	for i := range v {
		v[i] = value + float32(i/dim)
	}
	var b bytes.Buffer
	if err := interchange.Write(&b, v, n, dim); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// samples are n samples s0, s1, … of three classes.
func samples(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"id": "s%d", "label": "%d"}`, i, i%3)
	}
	return `{"samples": [` + strings.TrimPrefix(b.String(), ",") + `]}`
}
