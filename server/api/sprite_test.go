package api_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

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
