// Package servertest has what the tests of packages api, page and ingest share: small trainings, a client, and a check of answers
// against openapi.json.
package servertest

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// NewStore returns an empty store.
func NewStore(t testing.TB) *tracker.Store {
	t.Helper()
	store, err := tracker.Open(t.Context(), pgtest.Store(t), tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// A Training is a small run: blobs that move apart from epoch to epoch.
type Training struct {
	Labels  []string // "" is none
	Dim     int
	Vectors []float32
}

// NewTraining returns n samples whose labels take turns.
func NewTraining(n int, labels ...string) *Training {
	tr := &Training{Dim: 6, Labels: make([]string, n), Vectors: make([]float32, n*6)}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range tr.Labels {
		tr.Labels[i] = labels[i%len(labels)]
		for d := range tr.Dim {
			tr.Vectors[i*tr.Dim+d] = float32(r.NormFloat64())
		}
	}
	return tr
}

// Samples have a picture each, whose shade is the sample's number.
func (tr *Training) Samples(t testing.TB) []tracker.Sample {
	list := make([]tracker.Sample, len(tr.Labels))
	for i, label := range tr.Labels {
		list[i] = tracker.Sample{ID: fmt.Sprint("s", i), Label: label, Thumbnail: Picture(t, 8, 8, color.Gray{uint8(100 + i%150)}),
			Metadata: map[string]any{"split": "test", "rank": i}}
	}
	return list
}

// Epoch returns what is logged at an epoch: the first sample is predicted wrong, all others right.
func (tr *Training) Epoch(number int) tracker.Epoch {
	n := len(tr.Labels)
	v := make([]float32, len(tr.Vectors))
	out := &tracker.Outputs{Predictions: make([]string, n), Losses: make([]float64, n), Confidences: make([]float64, n)}
	for i := range n {
		copy(v[i*tr.Dim:], tr.Vectors[i*tr.Dim:(i+1)*tr.Dim])
		v[i*tr.Dim+i%3] += float32(3 * number)
		out.Predictions[i] = tr.Labels[i]
		out.Losses[i], out.Confidences[i] = 0.25, 0.75
	}
	out.Predictions[0] = "quite wrong"
	return tracker.Epoch{
		Number:  number,
		Step:    100 * number,
		Layers:  []tracker.Layer{{Name: "fc1", Dim: tr.Dim, Vectors: v}},
		Outputs: out,
		Metrics: tracker.Metrics{"loss": 2 / float64(number+1), "accuracy": 1 - 1/float64(number+2)},
	}
}

// Log starts a run and logs epochs 1 to epochs.
func (tr *Training) Log(t testing.TB, store *tracker.Store, name string, epochs int) *tracker.Run {
	t.Helper()
	run, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "mnist", Name: name, Params: map[string]any{"lr": 0.001}})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.AddSamples(t.Context(), tr.Samples(t)); err != nil {
		t.Fatal(err)
	}
	for e := 1; e <= epochs; e++ {
		LogEpoch(t, run, tr.Epoch(e))
	}
	return run
}

func LogEpoch(t testing.TB, run *tracker.Run, e tracker.Epoch) {
	t.Helper()
	if err := run.Log(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

// Project lays a run out on a map of so many dimensions.
func Project(t testing.TB, store *tracker.Store, run string, dims int) *projector.Projection {
	t.Helper()
	o := projector.Defaults()
	o.NNeighbors, o.NEpochs, o.Dims = 8, 30, dims
	p, err := projector.Project(context.WithoutCancel(t.Context()), store, []string{run}, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Picture returns a PNG of one colour.
func Picture(t testing.TB, w, h int, c color.Color) []byte {
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

// Get asks the handler as a browser on the same machine would.
func Get(t testing.TB, h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
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

func StartConfig(experiment, name string) tracker.RunConfig {
	return tracker.RunConfig{Experiment: experiment, Name: name}
}
