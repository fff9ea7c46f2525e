package figure

import (
	"bytes"
	"encoding/xml"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"
)

func grid(panels, n int) *Grid {
	g := &Grid{Title: "a <title> & \"more\"", Subtitle: "line\nbreak \u202e", Classes: []string{"cat", "<script>", strings.Repeat("long ", 50)}}
	for e := range panels {
		p := Panel{Title: "epoch"}
		for i := range n {
			p.X, p.Y = append(p.X, float32(i*e)), append(p.Y, float32(i%7))
			p.Class, p.Raised = append(p.Class, i%4-1), append(p.Raised, i%5 == 0)
		}
		g.Panels = append(g.Panels, p)
	}
	return g
}

func curves() *Curves {
	nan := math.NaN()
	return &Curves{Title: "quality", Charts: []Chart{
		{Title: "with a gap", Lines: []Line{{"one", []float64{0, 1, 2, 3}, []float64{1, nan, 2, 3}}, {"two", []float64{0}, []float64{5}}}},
		{Title: "constant", Lines: []Line{{"one", []float64{4, 5}, []float64{1, 1}}}},
		{Title: "nothing", Lines: []Line{{"one", []float64{4}, []float64{nan}}}},
	}}
}

func TestPictures(t *testing.T) {
	for name, draw := range map[string]func(io.Writer, string) error{
		"one panel": grid(1, 40).Draw, "many": grid(13, 100).Draw, "one point": grid(2, 1).Draw, "curves": curves().Draw,
	} {
		t.Run(name, func(t *testing.T) {
			var b, again, svg bytes.Buffer
			if err := draw(&b, "png"); err != nil {
				t.Fatal(err)
			}
			if err := draw(&again, "png"); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
				t.Errorf("the same picture again differs (%v)", err)
			}
			img, err := png.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			colours := map[[3]uint32]bool{}
			for y := range img.Bounds().Dy() {
				for x := range img.Bounds().Dx() {
					r, g, b, _ := img.At(x, y).RGBA()
					colours[[3]uint32{r, g, b}] = true
				}
			}
			if len(colours) < 10 {
				t.Errorf("the picture has %d colours", len(colours))
			}
			if err := draw(&svg, "svg"); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(svg.String(), "<script") {
				t.Error("a name is markup in the SVG")
			}
			for d := xml.NewDecoder(&svg); ; {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("the SVG is not XML: %v", err)
				}
			}
			if err := draw(io.Discard, "bmp"); err == nil || !strings.Contains(err.Error(), "want png or svg") {
				t.Errorf("Draw as bmp = %v", err)
			}
		})
	}
	if err := (&Grid{}).Draw(io.Discard, "png"); err == nil {
		t.Error("a grid of nothing was drawn")
	}
	if err := (&Curves{}).Draw(io.Discard, "png"); err == nil {
		t.Error("a chart of nothing was drawn")
	}
}

func TestColumns(t *testing.T) {
	for n, want := range map[int]int{1: 1, 2: 2, 4: 2, 6: 3, 12: 4, 20: 5} {
		if got := columnsOf(n); got != want {
			t.Errorf("columnsOf(%d) = %d, want %d", n, got, want)
		}
	}
}

// TestDark: in the dark, pictures are on the page's dark paper, and nothing on it is in the ink of the light.
func TestDark(t *testing.T) {
	g, c := grid(4, 40), curves()
	for name, p := range map[string]struct {
		dark *bool
		draw func(io.Writer, string) error
	}{"grid": {&g.Dark, g.Draw}, "curves": {&c.Dark, c.Draw}} {
		share := func() map[color.NRGBA]int {
			var b bytes.Buffer
			if err := p.draw(&b, "png"); err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			n := map[color.NRGBA]int{}
			for y := range img.Bounds().Dy() {
				for x := range img.Bounds().Dx() {
					n[color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)]++
				}
			}
			return n
		}
		before := share()
		*p.dark = true
		after := share()
		white := color.NRGBA{255, 255, 255, 255}
		if before[white] < 10*before[dark.paper] || after[dark.paper] < before[white]*9/10 || after[white] > 0 || after[light.ink] > after[dark.ink]/10 || after[dark.ink] == 0 {
			t.Errorf("%s: %d of the dark paper, %d white and %d in the light's ink; %d white before", name, after[dark.paper], after[white], after[light.ink], before[white])
		}
	}
}
