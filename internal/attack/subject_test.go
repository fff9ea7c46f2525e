package attack

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A subject is a store that is damaged again and again, with all that it held before.
type subject struct {
	path  string
	whole []byte // the file
	older []byte // the file as it was before its last writes, of at most the same length
	truth *content
}

const (
	samples = 30
	epochs  = 5
)

var runs = []string{"test/one", "test/two"}

// newSubject makes a store of two runs with samples of their own, layers that lie within pages and across them, and two maps.
func newSubject(t testing.TB) *subject {
	t.Helper()
	ctx := context.Background()
	s := &subject{path: filepath.Join(t.TempDir(), "zoetrope.db")}
	store, err := tracker.Open(ctx, s.path, tracker.OpenOptions{Create: true})
	for i, name := range []string{"one", "two"} {
		if err == nil {
			err = logRun(ctx, store, name, uint64(i))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	s.makeMap(t, store, 2)
	s.older = s.close(t, store)
	if store, err = tracker.Open(ctx, s.path, tracker.OpenOptions{}); err == nil {
		err = logAgain(ctx, store)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.makeMap(t, store, 3)
	s.whole = s.close(t, store)
	if store, err = tracker.Open(ctx, s.path, tracker.OpenOptions{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var errs []error
	if s.truth, errs = readAll(ctx, store, nil); len(errs) > 0 {
		t.Fatal(errs)
	}
	return s
}

func logRun(ctx context.Context, store *tracker.Store, name string, seed uint64) error {
	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "test", Name: name, Params: map[string]any{"lr": 0.1}})
	if err != nil {
		return err
	}
	for batch := range 2 { // two sets: ids and labels of many are read as one text, those with metadata row by row
		var list []tracker.Sample
		for i := range samples / 2 {
			n := batch*samples/2 + i
			s := tracker.Sample{ID: fmt.Sprintf("%s-%03d", name, n), Label: fmt.Sprint("label ", n%10)}
			if batch == 1 {
				s.Metadata, s.Thumbnail = map[string]any{"number": n, "split": "train"}, thumbnail(n)
			}
			list = append(list, s)
		}
		if err := run.AddSamples(ctx, list); err != nil {
			return err
		}
	}
	random := rand.New(rand.NewPCG(seed, 1))
	for number := range epochs {
		if err := run.Log(ctx, madeUp(number, name, random)); err != nil {
			return err
		}
	}
	return run.Finish(ctx)
}

func thumbnail(n int) []byte {
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range m.Pix {
		m.SetGray(i%8, i/8, color.Gray{uint8(i * (n + 1))})
	}
	var b bytes.Buffer
	if png.Encode(&b, m) != nil {
		panic("a picture in memory cannot be encoded")
	}
	return b.Bytes()
}

// madeUp is an epoch of a small layer, of one whose vectors take pages of their own, and of one that has some samples only.
func madeUp(number int, name string, random *rand.Rand) tracker.Epoch {
	vectors := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(random.NormFloat64())
		}
		return v
	}
	e := tracker.Epoch{Number: number, Step: 10 * number, Metrics: tracker.Metrics{"loss": random.Float64()}}
	e.Layers = []tracker.Layer{{Name: "fc1", Dim: 8, Vectors: vectors(samples * 8)}, {Name: "fc2", Dim: 100, Vectors: vectors(samples * 100)}}
	few := tracker.Layer{Name: "few", Dim: 8, Vectors: vectors(8 * samples / 3)}
	for i := range samples / 3 {
		few.IDs = append(few.IDs, fmt.Sprintf("%s-%03d", name, 3*i+number%3))
	}
	e.Layers = append(e.Layers, few)
	e.Outputs = &tracker.Outputs{}
	for i := range samples {
		e.Outputs.Predictions = append(e.Outputs.Predictions, fmt.Sprint("label ", (i+number)%10))
		e.Outputs.Losses = append(e.Outputs.Losses, random.Float64())
	}
	return e
}

// logAgain replaces an epoch of the first run: what it held lies about in the file.
func logAgain(ctx context.Context, store *tracker.Store) error {
	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "test", Name: "one", Resume: tracker.Must})
	if err != nil {
		return err
	}
	if err := run.Log(ctx, madeUp(2, "one", rand.New(rand.NewPCG(7, 7)))); err != nil {
		return err
	}
	return run.Finish(ctx)
}

// makeMap makes a map of both runs.
func (s *subject) makeMap(t testing.TB, store *tracker.Store, dims int) {
	t.Helper()
	o := projector.Defaults()
	o.Layer, o.Dims, o.NNeighbors, o.NEpochs = "fc1", dims, 5, 10
	if _, err := projector.Project(context.Background(), store, runs, o, nil); err != nil {
		t.Fatal(err)
	}
}

// close closes the store, and returns its file.
func (s *subject) close(t testing.TB, store *tracker.Store) []byte {
	t.Helper()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
