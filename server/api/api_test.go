package api_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector"
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

func TestPositions(t *testing.T) {
	for _, dims := range []int{2, 3} {
		t.Run(fmt.Sprint(dims, " dimensions"), func(t *testing.T) {
			store := servertest.NewStore(t)
			h := newHandler(t, store)
			run := servertest.NewTraining(30, "a", "b", "c").Log(t, store, "r", 3)
			p := servertest.Project(t, store, run.ID(), dims)
			l := decode[layout](t, h, fmt.Sprintf("%sprojections/%s/layout?run=r", root, p.Info().ID))
			if l.Provisional || l.Rows != 30 || l.Dims != dims || fmt.Sprint(l.Epochs) != "[1 2 3]" || len(l.Origin) != dims {
				t.Fatalf("layout = %+v", l)
			}
			want, err := p.Points(t.Context(), projector.Query{AllEpochs: true})
			if err != nil {
				t.Fatal(err)
			}
			quanta := servertest.Get(t, h, root+l.Positions+"&epochs=3,1").Body.Bytes()
			floats := servertest.Get(t, h, root+l.Positions+"&epochs=3,1&format=f32").Body.Bytes()
			if len(quanta) != 2*30*dims*2 || len(floats) != 2*len(quanta) {
				t.Fatalf("got %d and %d bytes", len(quanta), len(floats))
			}
			for block, first := range []int{60, 0} { // epoch 3, then epoch 1
				for i := range 30 {
					pt := want[first+i]
					for d, v := range []float64{pt.X, pt.Y, pt.Z}[:dims] {
						at := (block*30+i)*dims + d
						q := float64(binary.LittleEndian.Uint16(quanta[2*at:]))
						if got := l.Origin[d] + q/65534*l.Size; math.Abs(got-v) > l.Size/65534 {
							t.Fatalf("epoch %d, sample %s, axis %d = %g, want %g", pt.Epoch, pt.Sample, d, got, v)
						}
						if got := math.Float32frombits(binary.LittleEndian.Uint32(floats[4*at:])); got != float32(v) {
							t.Fatalf("float of epoch %d, sample %s, axis %d = %g, want %g", pt.Epoch, pt.Sample, d, got, v)
						}
						if v < l.Min[d] || v > l.Max[d] {
							t.Fatalf("%g is not in %g … %g", v, l.Min[d], l.Max[d])
						}
					}
				}
			}
			for i, b := range servertest.Get(t, h, root+l.Positions+"&epochs=1&every=7").Body.Bytes() { // rows 0, 7, 14, 21, 28
				row, rest := i/(2*dims), i%(2*dims)
				if want := quanta[2*dims*(30+7*row)+rest]; row > 4 || b != want {
					t.Fatalf("byte %d of a sketch is %d, want %d", i, b, want)
				}
			}
			if c := servertest.Get(t, h, root+l.Positions).Header().Get("Cache-Control"); !strings.Contains(c, "immutable") {
				t.Errorf("Cache-Control = %q, want immutable", c)
			}
		})
	}
}

func TestMissingSamples(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	tr := servertest.NewTraining(20, "a", "b")
	run := tr.Log(t, store, "r", 1)
	part := tr.Epoch(2)
	part.Outputs = nil
	part.Layers[0].Vectors = part.Layers[0].Vectors[:10*tr.Dim]
	for i := range 10 {
		part.Layers[0].IDs = append(part.Layers[0].IDs, fmt.Sprint("s", 19-i))
	}
	servertest.LogEpoch(t, run, part)
	servertest.Project(t, store, run.ID(), 2)
	for _, path := range []string{"runs/r/provisional", "projections?run=r"} {
		if path == "projections?run=r" {
			list := decode[struct{ Projections []projector.Info }](t, h, root+path)
			path = fmt.Sprintf("projections/%s/layout", list.Projections[0].ID)
		}
		l := decode[layout](t, h, root+path)
		sep := "?"
		if strings.Contains(l.Positions, "?") {
			sep = "&"
		}
		b := servertest.Get(t, h, root+l.Positions+sep+"epochs=2").Body.Bytes()
		for i := range 20 {
			x, y := binary.LittleEndian.Uint16(b[4*i:]), binary.LittleEndian.Uint16(b[4*i+2:])
			if there := i >= 10; there != (x != math.MaxUint16) || there != (y != math.MaxUint16) {
				t.Errorf("%s: sample s%d is at (%d, %d)", path, i, x, y)
			}
		}
	}
}

// TestProvisional follows a stand-in map through a training: nothing on it moves while epochs come in.
func TestProvisional(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "r"})
	if err != nil {
		t.Fatal(err)
	}
	tr := servertest.NewTraining(25, "a", "b", "c")
	if err := run.AddSamples(t.Context(), tr.Samples(t)); err != nil {
		t.Fatal(err)
	}
	if w := servertest.Get(t, h, root+"runs/r/provisional"); w.Code != http.StatusNotFound {
		t.Errorf("without an epoch: %d %s", w.Code, w.Body)
	}
	place := func(l layout, epoch int) (float64, float64) { // of the first sample, in the plane's own units
		b := servertest.Get(t, h, fmt.Sprintf("%s%s&epochs=%d", root, l.Positions, epoch)).Body.Bytes()
		return l.Origin[0] + float64(binary.LittleEndian.Uint16(b))/65534*l.Size, l.Origin[1] + float64(binary.LittleEndian.Uint16(b[2:]))/65534*l.Size
	}
	servertest.LogEpoch(t, run, tr.Epoch(1))
	first := decode[layout](t, h, root+"runs/r/provisional")
	x, y := place(first, 1)
	last := first
	for e := 2; e <= 8; e++ {
		servertest.LogEpoch(t, run, tr.Epoch(e))
		last = decode[layout](t, h, root+"runs/r/provisional")
		if !last.Provisional || len(last.Epochs) != e {
			t.Fatalf("after epoch %d: %+v", e, last)
		}
		if nx, ny := place(last, 1); math.Abs(nx-x) > last.Size/30000 || math.Abs(ny-y) > last.Size/30000 {
			t.Errorf("after epoch %d the first sample of epoch 1 is at (%g, %g), not (%g, %g)", e, nx, ny, x, y)
		}
	}
	if last.Revision == first.Revision || last.Size <= first.Size {
		t.Errorf("blobs that moved 24 apart fit the first box: %g, then %g", first.Size, last.Size)
	}
	if w := servertest.Get(t, h, root+first.Positions); w.Code != http.StatusGone {
		t.Errorf("positions of a past revision: %d %s", w.Code, w.Body)
	}
	servertest.LogEpoch(t, run, tr.Epoch(8)) // again: it may differ
	if again := decode[layout](t, h, root+"runs/r/provisional"); again.Revision == last.Revision {
		t.Error("a replaced epoch keeps the revision")
	}
	if err := run.TruncateAfter(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if cut := decode[layout](t, h, root+"runs/r/provisional"); fmt.Sprint(cut.Epochs) != "[1 2]" {
		t.Errorf("epochs after the cut = %v", cut.Epochs)
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

func TestSprite(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "r"})
	if err != nil {
		t.Fatal(err)
	}
	broken := append([]byte(nil), servertest.Picture(t, 4, 4, color.Gray{1})[:30]...)
	err = run.AddSamples(t.Context(), []tracker.Sample{
		{ID: "wide", Thumbnail: servertest.Picture(t, 300, 100, color.NRGBA{200, 10, 10, 255})},
		{ID: "none"},
		{ID: "small", Thumbnail: servertest.Picture(t, 10, 10, color.Gray{90})},
		{ID: "broken", Thumbnail: broken},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := decode[struct {
		Sprite struct {
			Version         string
			Width, Height   int
			Columns, Sheets int
			Missing         []int
		}
	}](t, h, root+"runs/r/samples").Sprite
	if s.Width != 96 || s.Height != 32 || s.Sheets != 1 || s.Columns != 2 {
		t.Fatalf("sprite = %+v", s)
	}
	w := servertest.Get(t, h, fmt.Sprintf("%sruns/r/sprite/%s/0.png", root, s.Version))
	img, err := png.Decode(w.Body)
	if err != nil {
		t.Fatalf("%d: %v", w.Code, err)
	}
	at := func(tile, x, y int) string {
		c := color.NRGBAModel.Convert(img.At(tile%s.Columns*s.Width+x, tile/s.Columns*s.Height+y)).(color.NRGBA)
		return fmt.Sprint(c.R, c.G, c.B)
	}
	if got := at(0, 50, 16); got != "200 10 10" {
		t.Errorf("the wide picture, made smaller, is %s", got)
	}
	if got := at(2, 48, 16); got != "90 90 90" {
		t.Errorf("the small picture, in the middle of its tile, is %s", got)
	}
	full, err := png.DecodeConfig(servertest.Get(t, h, root+"runs/r/samples/wide/thumbnail").Body)
	if err != nil || full.Width != 300 {
		t.Errorf("the whole picture is %v, %v", full, err)
	}
	if w := servertest.Get(t, h, root+"runs/r/sprite/0123/0.png"); w.Code != http.StatusGone {
		t.Errorf("a sheet of another version: %d", w.Code)
	}
}

// TestManySheets: more pictures than a sheet holds.
func TestManySheets(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "r"})
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]tracker.Sample, 500)
	white := servertest.Picture(t, 96, 96, color.White)
	for i := range samples {
		samples[i] = tracker.Sample{ID: fmt.Sprint(i), Thumbnail: white}
	}
	samples[499].Thumbnail = servertest.Picture(t, 96, 96, color.Gray{77})
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	s := decode[struct {
		Sprite struct {
			Version                        string
			Width, Height, Columns, Sheets int
			PerSheet                       int `json:"per_sheet"`
		}
	}](t, h, root+"runs/r/samples").Sprite
	if s.Sheets != (500+s.PerSheet-1)/s.PerSheet || s.Sheets < 2 || s.Columns*s.Width > 2048 || s.PerSheet/s.Columns*s.Height > 2048 {
		t.Fatalf("sprite = %+v", s)
	}
	img, _, err := image.Decode(bytes.NewReader(servertest.Get(t, h, fmt.Sprintf("%sruns/r/sprite/%s/%d.png", root, s.Version, s.Sheets-1)).Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	k := 499 - (s.Sheets-1)*s.PerSheet
	if got := color.GrayModel.Convert(img.At(k%s.Columns*s.Width+3, k/s.Columns*s.Height+3)).(color.Gray).Y; got != 77 {
		t.Errorf("the last picture's shade is %d, want 77", got)
	}
}
