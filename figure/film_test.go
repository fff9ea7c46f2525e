package figure

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"io"
	"math"
	"testing"
)

// screen returns the picture that a GIF shows after the first n frames.
func screen(g *gif.GIF, frames int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
	for _, f := range g.Image[:frames] {
		draw.Draw(img, f.Rect, f, f.Rect.Min, draw.Over)
	}
	return img
}

// middleOf is the mean place of pixels near a colour in the map's part of an image, and how many there are.
func middleOf(img *image.NRGBA, c color.NRGBA) (x, y float64, n int) {
	for py := filmHead; py < filmHead+filmSide; py++ {
		for px := filmEdge; px < filmEdge+filmSide; px++ {
			q := img.NRGBAAt(px, py)
			if math.Abs(float64(q.R)-float64(c.R))+math.Abs(float64(q.G)-float64(c.G))+math.Abs(float64(q.B)-float64(c.B)) < 140 {
				x, y, n = x+float64(px), y+float64(py), n+1
			}
		}
	}
	return x / float64(n), y / float64(n), n
}

// TestFilm: points move evenly between panels, a sample that a panel lacks fades, and the same film again is the same.
func TestFilm(t *testing.T) {
	nan := float32(math.NaN())
	f := &Film{Pace: 2, Grid: Grid{Title: "run <b>", Subtitle: "projection", Classes: []string{"a", "b"}, Panels: []Panel{
		{Title: "epoch 0", X: []float32{0, 10, 0}, Y: []float32{0, 10, 10}, Class: []int{0, 1, -1}},
		{Title: "epoch 5", X: []float32{10, nan, 0}, Y: []float32{0, nan, 10}, Class: []int{0, -1, -1}},
		{Title: "epoch 6", X: []float32{10, nan, 0}, Y: []float32{0, nan, 10}, Class: []int{0, -1, -1}},
	}}}
	var b, again bytes.Buffer
	var told [2]int
	n, err := f.Draw(t.Context(), &b, func(done, total int) { told = [2]int{done, total} })
	if err != nil || n != 21 || told != [2]int{21, 21} {
		t.Fatalf("Draw = %d, %v, after telling of %v; want 21 frames", n, err, told)
	}
	if _, err := f.Draw(t.Context(), &again, nil); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Errorf("the same film again differs (%v)", err)
	}
	g, err := gif.DecodeAll(&b)
	if err != nil {
		t.Fatal(err)
	}
	if g.LoopCount != 0 || g.Delay[0] != filmFirst || g.Delay[1] != 5 || g.Delay[20] != filmLast {
		t.Errorf("it plays %d times with delays %v", g.LoopCount, g.Delay)
	}
	left := filmEdge + filmSide*0.04/2/1.04
	for at, share := range map[int]float64{1: 0, 6: 0.5, 11: 1, 21: 1} {
		x, _, pixels := middleOf(screen(g, at), Colors[0])
		if want := left + share*filmSide/1.04; pixels == 0 || math.Abs(x-want) > 2 {
			t.Errorf("after %d frames the first point is at %.1f, want %.1f (%d pixels)", at, x, want, pixels)
		}
	}
	if _, _, n := middleOf(screen(g, 1), Colors[1]); n == 0 {
		t.Error("the second point is not on the first frame")
	}
	if _, _, n := middleOf(screen(g, 21), Colors[1]); n != 0 {
		t.Error("the second point is still on the last frame")
	}
	if first, last := screen(g, 10), screen(g, 21); bytes.Equal(first.Pix[:first.PixOffset(0, 40)], last.Pix[:last.PixOffset(0, 40)]) {
		t.Error("the epoch in the heading stays")
	}
}

// TestFilmDark: in the dark, the paper is dark to its edges, and points have the colours of the page.
func TestFilmDark(t *testing.T) {
	f := &Film{Pace: 2, Grid: Grid{Title: "run", Dark: true, Classes: []string{"a"}, Panels: []Panel{{Title: "epoch 0", X: []float32{0, 10}, Y: []float32{0, 10}, Class: []int{0, -1}}}}}
	var b bytes.Buffer
	if _, err := f.Draw(t.Context(), &b, nil); err != nil {
		t.Fatal(err)
	}
	g, err := gif.DecodeAll(&b)
	if err != nil {
		t.Fatal(err)
	}
	img := screen(g, 1)
	for _, at := range []image.Point{{0, 0}, {img.Rect.Max.X - 1, 0}, {0, img.Rect.Max.Y - 1}, {filmEdge + filmSide/2, filmHead + filmSide/2}} {
		if c := img.NRGBAAt(at.X, at.Y); c != dark.paper {
			t.Errorf("at %v it is %v, want %v", at, c, dark.paper)
		}
	}
	if _, _, n := middleOf(img, DarkColors[0]); n == 0 {
		t.Error("the point of a class has not its colour")
	}
	if err := f.Grid.Draw(&b, "png"); err != nil {
		t.Fatal(err)
	}
}

// TestFilmEnds: a cancelled film writes nothing, one panel is a film of one frame, and a long training a film of half a minute.
func TestFilmEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var b bytes.Buffer
	_, err := (&Film{Pace: 1, Grid: *grid(9, 20)}).Draw(ctx, &b, func(done, _ int) {
		if done == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || b.Len() > 0 {
		t.Errorf("Draw = %v, with %d bytes written", err, b.Len())
	}
	for panels, want := range map[int]int{1: 1, 200: maxFilmTime*filmRate + 1} {
		if n, err := (&Film{Pace: 1, Grid: *grid(panels, 5)}).Draw(t.Context(), io.Discard, nil); err != nil || n != want {
			t.Errorf("a film of %d panels has %d frames (%v), want %d", panels, n, err, want)
		}
	}
	if _, err := (&Film{Grid: *grid(2, 5)}).Draw(t.Context(), io.Discard, nil); err == nil {
		t.Error("a film without a pace was drawn")
	}
	if _, err := (&Film{Pace: 1}).Draw(t.Context(), io.Discard, nil); err == nil {
		t.Error("a film of nothing was drawn")
	}
}
