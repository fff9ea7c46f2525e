package viewer_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/viewer"
)

// newStore returns an empty store.
func newStore(t testing.TB) *tracker.Store {
	t.Helper()
	store, err := tracker.Open(t.Context(), pgtest.Store(t), tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// newServer serves store until the test ends.
func newServer(t testing.TB, store *tracker.Store, o viewer.Options) *httptest.Server {
	t.Helper()
	page := viewer.New(store, o)
	server := httptest.NewServer(page)
	t.Cleanup(func() {
		page.Close() // first, or the server waits for the event streams
		server.Close()
	})
	return server
}

// training is a small run: blobs that move apart from epoch to epoch.
type training struct {
	labels  []string // "" is none
	dim     int
	vectors []float32
}

// newTraining returns n samples whose labels take turns.
func newTraining(n int, labels ...string) *training {
	tr := &training{dim: 6, labels: make([]string, n), vectors: make([]float32, n*6)}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range tr.labels {
		tr.labels[i] = labels[i%len(labels)]
		for d := range tr.dim {
			tr.vectors[i*tr.dim+d] = float32(r.NormFloat64())
		}
	}
	return tr
}

// samples have a picture each, whose shade is the sample's number.
func (tr *training) samples(t testing.TB) []tracker.Sample {
	list := make([]tracker.Sample, len(tr.labels))
	for i, label := range tr.labels {
		list[i] = tracker.Sample{ID: fmt.Sprint("s", i), Label: label, Thumbnail: picture(t, 8, 8, color.Gray{uint8(100 + i%150)}),
			Metadata: map[string]any{"split": "test", "rank": i}}
	}
	return list
}

// epoch returns what is logged at an epoch: the first sample is predicted wrong, all others right.
func (tr *training) epoch(number int) tracker.Epoch {
	n := len(tr.labels)
	v := make([]float32, len(tr.vectors))
	out := &tracker.Outputs{Predictions: make([]string, n), Losses: make([]float64, n), Confidences: make([]float64, n)}
	for i := range n {
		copy(v[i*tr.dim:], tr.vectors[i*tr.dim:(i+1)*tr.dim])
		v[i*tr.dim+i%3] += float32(3 * number)
		out.Predictions[i] = tr.labels[i]
		out.Losses[i], out.Confidences[i] = 0.25, 0.75
	}
	out.Predictions[0] = "quite wrong"
	return tracker.Epoch{
		Number:  number,
		Step:    100 * number,
		Layers:  []tracker.Layer{{Name: "fc1", Dim: tr.dim, Vectors: v}},
		Outputs: out,
		Metrics: tracker.Metrics{"loss": 2 / float64(number+1), "accuracy": 1 - 1/float64(number+2)},
	}
}

// log starts a run and logs epochs 1 to epochs.
func (tr *training) log(t testing.TB, store *tracker.Store, name string, epochs int) *tracker.Run {
	t.Helper()
	run, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "mnist", Name: name, Params: map[string]any{"lr": 0.001}})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.AddSamples(t.Context(), tr.samples(t)); err != nil {
		t.Fatal(err)
	}
	for e := 1; e <= epochs; e++ {
		logEpoch(t, run, tr.epoch(e))
	}
	return run
}

func logEpoch(t testing.TB, run *tracker.Run, e tracker.Epoch) {
	t.Helper()
	if err := run.Log(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

// project lays a run out on a map of so many dimensions.
func project(t testing.TB, store *tracker.Store, run string, dims int) *projector.Projection {
	t.Helper()
	o := projector.Defaults()
	o.NNeighbors, o.NEpochs, o.Dims = 8, 30, dims
	p, err := projector.Project(context.WithoutCancel(t.Context()), store, []string{run}, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// picture returns a PNG of one colour.
func picture(t testing.TB, w, h int, c color.Color) []byte {
	t.Helper()
	var img interface {
		image.Image
		Set(x, y int, c color.Color)
	} = image.NewNRGBA(image.Rect(0, 0, w, h))
	if _, gray := c.(color.Gray); gray {
		img = image.NewGray(image.Rect(0, 0, w, h))
	}
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// get asks the handler as a browser on the same machine would.
func get(t testing.TB, h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "127.0.0.1:8420"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func startConfig(experiment, name string) tracker.RunConfig {
	return tracker.RunConfig{Experiment: experiment, Name: name}
}

// contextWithLocal is what the server sets: the address at which the request came in.
func contextWithLocal(r *http.Request, a net.Addr) context.Context {
	return context.WithValue(r.Context(), http.LocalAddrContextKey, a)
}
