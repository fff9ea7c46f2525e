package api_test

import (
	"encoding/json"
	"fmt"
	"image/color"
	"io"
	"log/slog"
	"math"
	"net/http"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

const root = "/api/v1/"

// decode reads a good answer.
func decode[T any](t *testing.T, h http.Handler, target string) T {
	t.Helper()
	w := servertest.Get(t, h, target)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s = %d %s", target, w.Code, w.Body)
	}
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("GET %s: %v", target, err)
	}
	return v
}

func newHandler(t *testing.T, store *tracker.Store) *api.Handler {
	h := api.New(store, api.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	t.Cleanup(func() { h.Close() })
	return h
}

type layout struct {
	Provisional bool
	Revision    string
	Rows, Dims  int
	Epochs      []int
	Origin      []float64
	Size        float64
	Min, Max    []float64
	Positions   string
}

func TestRuns(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	type answer struct {
		Cursor string
		Runs   []struct {
			ID, Experiment, Name, State string
			Quiet                       bool
			Ended                       *string
			Params                      map[string]any
			Epochs, Samples             int
			LastEpoch                   *int `json:"last_epoch"`
			Layers                      []string
		}
	}
	if got := decode[answer](t, h, root+"runs"); got.Runs == nil || len(got.Runs) != 0 {
		t.Errorf("runs of an empty store = %v, want an empty list", got.Runs)
	}
	run := servertest.NewTraining(9, "a", "b").Log(t, store, "first", 2)
	if _, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "mnist", Name: "second"}); err != nil {
		t.Fatal(err)
	}
	if err := run.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := decode[answer](t, h, root+"runs").Runs
	if len(got) != 2 || got[0].Name != "second" || got[1].Name != "first" {
		t.Fatalf("runs = %+v, want second, first", got)
	}
	if r := got[0]; r.State != "running" || r.LastEpoch != nil || r.Layers == nil || r.Params == nil || r.Ended != nil {
		t.Errorf("a run that has just begun = %+v", r)
	}
	if r := got[1]; r.State != "finished" || r.Ended == nil || *r.LastEpoch != 2 || r.Epochs != 2 || r.Samples != 9 || r.Layers[0] != "fc1" || r.Quiet {
		t.Errorf("a finished run = %+v", r)
	}
	for _, name := range []string{run.ID(), "first", "mnist%2Ffirst"} {
		if got := decode[struct{ ID string }](t, h, root+"runs/"+name); got.ID != run.ID() {
			t.Errorf("run %s = %s, want %s", name, got.ID, run.ID())
		}
	}
}

func TestEpochsAndMetrics(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	run := servertest.NewTraining(6, "a").Log(t, store, "r", 2)
	if err := run.LogMetrics(t.Context(), 250, tracker.Metrics{"loss": math.Inf(1), "other": math.NaN()}); err != nil {
		t.Fatal(err)
	}
	epochs := decode[struct {
		Run    string
		Epochs []struct{ Number, Step, Seq int }
	}](t, h, root+"runs/r/epochs")
	if len(epochs.Epochs) != 2 || epochs.Run != run.ID() || epochs.Epochs[1].Number != 2 || epochs.Epochs[1].Step != 200 {
		t.Errorf("epochs = %+v", epochs)
	}
	type answer struct {
		Seq    int
		Series []struct {
			Name        string
			Step, Epoch []int
			Value       []any
		}
	}
	all := decode[answer](t, h, root+"runs/r/metrics")
	byName := map[string][]any{}
	for _, s := range all.Series {
		if len(s.Step) != len(s.Value) || len(s.Epoch) != len(s.Value) {
			t.Errorf("columns of %s have %d, %d and %d rows", s.Name, len(s.Step), len(s.Epoch), len(s.Value))
		}
		byName[s.Name] = s.Value
	}
	if got := fmt.Sprint(byName["loss"]); got != "[1 0.6666666666666666 Infinity]" {
		t.Errorf("loss = %s", got)
	}
	if got := fmt.Sprint(byName["other"]); got != "[NaN]" {
		t.Errorf("NaN = %s", got)
	}
	// Only what is new comes again.
	servertest.LogEpoch(t, run, servertest.NewTraining(6, "a").Epoch(3))
	since := decode[answer](t, h, fmt.Sprintf("%sruns/r/metrics?since=%d", root, all.Seq))
	if len(since.Series) != 2 || len(since.Series[0].Value) != 1 || since.Seq <= all.Seq {
		t.Errorf("metrics since %d = %+v", all.Seq, since)
	}
}

func TestSamplesAndOutputs(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "r"})
	if err != nil {
		t.Fatal(err)
	}
	samples := []tracker.Sample{
		{ID: "x", Label: "10", Metadata: map[string]any{"kind": "a"}},
		{ID: "y", Label: "9", Thumbnail: servertest.Picture(t, 4, 4, color.Gray{200})},
		{ID: "z"},
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	servertest.LogEpoch(t, run, tracker.Epoch{Number: 0, Layers: []tracker.Layer{{Name: "l", Dim: 1, Vectors: []float32{1, 2}, IDs: []string{"z", "x"}}},
		Outputs: &tracker.Outputs{Predictions: []string{"10", "9"}, Losses: []float64{0.5, 1.5}, IDs: []string{"z", "x"}}})
	servertest.LogEpoch(t, run, tracker.Epoch{Number: 1, Metrics: tracker.Metrics{"loss": 1}})

	s := decode[struct {
		IDs, Classes []string
		Label        []int
		Metadata     map[string][]any
		Sprite       struct {
			Width, Sheets int
			Missing       []int
		}
	}](t, h, root+"runs/r/samples")
	if got := fmt.Sprint(s.IDs, s.Classes, s.Label, s.Metadata); got != "[x y z] [9 10] [1 0 -1] map[kind:[a <nil> <nil>]]" {
		t.Errorf("samples = %s", got)
	}
	if got := fmt.Sprint(s.Sprite.Width, s.Sprite.Sheets, s.Sprite.Missing); got != "4 1 [0 2]" {
		t.Errorf("sprite = %s", got)
	}
	compact := decode[struct {
		IDs    []string
		Packed []byte
		Count  int
		Width  int
	}](t, h, root+"runs/r/samples?form=compact")
	if got := fmt.Sprint(compact.IDs, compact.Packed, compact.Count, compact.Width); got != "[x y z] [1 0 255] 3 1" {
		t.Errorf("samples in a compact form = %s", got)
	}
	type outputs struct {
		Classes    []string
		Prediction []int
		Loss       []any
		Confidence []any
	}
	o := decode[outputs](t, h, root+"runs/r/epochs/0/outputs")
	if got := fmt.Sprint(o.Classes, o.Prediction, o.Loss, o.Confidence == nil); got != "[9 10] [0 -1 1] [1.5 <nil> 0.5] true" {
		t.Errorf("outputs = %s", got)
	}
	packed := decode[struct {
		Classes                      []string
		Width                        int
		Prediction, Loss, Confidence []byte
	}](t, h, root+"runs/r/epochs/0/outputs?form=compact")
	if got := fmt.Sprint(packed.Classes, packed.Width, packed.Prediction, packed.Loss, packed.Confidence == nil); got != "[9 10] 1 [0 255 1] [0 0 192 63 0 0 192 127 0 0 0 63] true" {
		t.Errorf("outputs in a compact form = %s", got)
	}
	if w := servertest.Get(t, h, root+"runs/r/epochs/0/outputs?form=huge"); w.Code != http.StatusBadRequest {
		t.Errorf("outputs in no form: %d", w.Code)
	}
	if o := decode[outputs](t, h, root+"runs/r/epochs/1/outputs"); o.Prediction != nil || o.Loss != nil {
		t.Errorf("outputs of an epoch without = %+v", o)
	}
}

func TestPointsNeighborsQuality(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	run := servertest.NewTraining(24, "a", "b", "c").Log(t, store, "r", 2)
	base := root + "projections/" + servertest.Project(t, store, run.ID(), 2).Info().ID
	type points struct {
		Points []struct {
			Sample, Label, Prediction string
			Epoch                     int
			X, Y                      float64
		}
	}
	if got := decode[points](t, h, base+"/points?epoch=2").Points; len(got) != 24 || got[0].Prediction != "quite wrong" || got[1].Label != "b" {
		t.Errorf("points of epoch 2 = %+v", got)
	}
	if got := decode[points](t, h, base+"/points?epoch=2&sample=s3&sample=s4").Points; len(got) != 2 {
		t.Errorf("two samples = %+v", got)
	}
	if got := decode[points](t, h, base+"/trajectory?sample=s3").Points; len(got) != 2 || got[0].Epoch != 1 || got[1].Epoch != 2 {
		t.Errorf("trajectory = %+v", got)
	}
	near := decode[struct {
		Neighbors []struct {
			Sample   string
			Distance float64
		}
	}](t, h, base+"/neighbors?epoch=2&sample=s3&k=5").Neighbors
	if len(near) != 5 || near[0].Distance > near[4].Distance {
		t.Errorf("neighbors = %+v", near)
	}
	quality := decode[map[string]any](t, h, base+"/quality")
	if quality["projection"] == "" || quality["epochs"] == nil {
		t.Errorf("quality = %v", quality)
	}
}
