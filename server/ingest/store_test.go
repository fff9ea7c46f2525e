package ingest_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/server/ingest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestMain runs everything once more on PostgreSQL.
func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, "")) }

// openStore opens the store at path, which it makes if there is none.
func openStore(t testing.TB, path string) *tracker.Store {
	t.Helper()
	store, err := tracker.Open(t.Context(), path, tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func newStore(t testing.TB) *tracker.Store {
	t.Helper()
	return openStore(t, pgtest.Store(t))
}

// A client asks a handler as another program would.
type client struct {
	t     testing.TB
	store *tracker.Store
	h     http.Handler
}

func newClient(t testing.TB, store *tracker.Store, o ingest.Options) *client {
	t.Helper()
	h := ingest.New(store, o)
	t.Cleanup(func() { h.Close() })
	return &client{t, store, h}
}

// send sends a request to a path below /api/v1/; headers are names and values in turn.
func (c *client) send(method, path, kind string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	r := httptest.NewRequest(method, "/api/v1/"+path, body)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	return w
}

// do sends JSON, which must be answered with a status, and returns the answer.
func (c *client) do(want int, method, path, body string, headers ...string) map[string]any {
	c.t.Helper()
	return c.expect(want, c.send(method, path, "application/json", strings.NewReader(body), headers...))
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

// start starts a run with n samples s0, s1, …, and returns its id.
func (c *client) start(name string, n int) string {
	c.t.Helper()
	id := c.do(201, "POST", "runs", fmt.Sprintf(`{"experiment": "mnist", "name": %q}`, name))["id"].(string)
	c.do(200, "POST", "runs/"+id+"/samples", samples(n))
	return id
}

// put puts a frame of n×dim, whose rows are value, value+1, …, as .npy.
func (c *client) put(run string, epoch int, layer string, n, dim int, value float32) {
	c.t.Helper()
	path := fmt.Sprintf("runs/%s/epochs/%d/frames/%s", run, epoch, layer)
	c.expect(202, c.send("PUT", path, "application/octet-stream", bytes.NewReader(npy(n, dim, value))))
}

func samples(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"id": "s%d", "label": "%d"}`, i, i%3)
	}
	return `{"samples": [` + strings.TrimPrefix(b.String(), ",") + `]}`
}

// vectors returns n×dim numbers; row i is full of value+i.
func vectors(n, dim int, value float32) []float32 {
	v := make([]float32, n*dim)
	for i := range v {
		v[i] = value + float32(i/dim)
	}
	return v
}

func npy(n, dim int, value float32) []byte {
	var b bytes.Buffer
	if err := interchange.Write(&b, vectors(n, dim, value), n, dim); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// raw returns a raw frame; ids may be nil.
func raw(ids []string, dim int, v []float32) []byte {
	head, err := json.Marshal(map[string]any{"rows": len(v) / dim, "dim": dim, "ids": ids})
	if err != nil {
		panic(err)
	}
	b := binary.LittleEndian.AppendUint32([]byte("ZFR1"), uint32(len(head)))
	b = append(b, head...)
	b, err = binary.Append(b, binary.LittleEndian, v)
	if err != nil {
		panic(err)
	}
	return b
}
