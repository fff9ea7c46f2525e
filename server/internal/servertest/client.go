package servertest

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

// A Client asks a handler as another program would.
type Client struct {
	T       testing.TB
	Store   *tracker.Store
	Handler http.Handler
}

// Send sends a request to a path below /api/v1/; headers are names and values in turn.
func (c *Client) Send(method, path, kind string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	c.T.Helper()
	r := httptest.NewRequest(method, "/api/v1/"+path, body)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.Handler.ServeHTTP(w, r)
	return w
}

// Do sends JSON, which must be answered with a status, and returns the answer.
func (c *Client) Do(want int, method, path, body string, headers ...string) map[string]any {
	c.T.Helper()
	return c.Expect(want, c.Send(method, path, "application/json", strings.NewReader(body), headers...))
}

// Expect returns an answer, which must have a status and be a JSON object.
func (c *Client) Expect(want int, w *httptest.ResponseRecorder) map[string]any {
	c.T.Helper()
	if w.Code != want {
		c.T.Fatalf("answer %d %s, want %d", w.Code, w.Body, want)
	}
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		c.T.Fatalf("answer %q: %v", w.Body, err)
	}
	return v
}

// Start starts a run with n samples s0, s1, …, and returns its id.
func (c *Client) Start(name string, n int) string {
	c.T.Helper()
	id := c.Do(201, "POST", "runs", fmt.Sprintf(`{"experiment": "mnist", "name": %q}`, name))["id"].(string)
	c.Do(200, "POST", "runs/"+id+"/samples", SamplesJSON(n))
	return id
}

// Put puts a frame of n×dim, whose rows are value, value+1, …, as .npy.
func (c *Client) Put(run string, epoch int, layer string, n, dim int, value float32) {
	c.T.Helper()
	path := fmt.Sprintf("runs/%s/epochs/%d/frames/%s", run, epoch, layer)
	c.Expect(202, c.Send("PUT", path, "application/octet-stream", bytes.NewReader(Npy(n, dim, value))))
}

// SamplesJSON returns the body that adds n samples s0, s1, … of three classes.
func SamplesJSON(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"id": "s%d", "label": "%d"}`, i, i%3)
	}
	return `{"samples": [` + strings.TrimPrefix(b.String(), ",") + `]}`
}

// Vectors returns n×dim numbers; row i is full of value+i.
func Vectors(n, dim int, value float32) []float32 {
	v := make([]float32, n*dim)
	for i := range v {
		v[i] = value + float32(i/dim)
	}
	return v
}

// Npy returns Vectors as a .npy file.
func Npy(n, dim int, value float32) []byte {
	var b bytes.Buffer
	if err := interchange.Write(&b, Vectors(n, dim, value), n, dim); err != nil {
		panic(err)
	}
	return b.Bytes()
}
