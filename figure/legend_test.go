package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"
)

// names are the texts of a legend.
func names(entries []entry) []string {
	var list []string
	for _, e := range entries {
		list = append(list, e.text())
	}
	return list
}

// TestLegend: the legend accounts for every colour of the points.
func TestLegend(t *testing.T) {
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprint("class ", i)
	}
	for _, test := range []struct {
		name string
		grid Grid
		want []string
	}{
		{"none", Grid{}, nil},
		{"classes", Grid{Classes: []string{"cat", ""}}, []string{"cat", "no label"}},
		{"without a class", Grid{Classes: []string{"cat"}, None: "no prediction"}, []string{"cat", "no prediction"}},
		{"only without", Grid{None: "no label"}, []string{"no label"}},
		{"too many", Grid{Classes: many, More: 60, None: "no label"}, append(slices.Clone(many), "and 60 more", "no label")},
		{"a scale", Grid{Scale: &Scale{-0.25, 1e6}, None: "no label"}, []string{"-0.25", "1e+06", "no label"}},
	} {
		if got := names(test.grid.legend()); !slices.Equal(got, test.want) {
			t.Errorf("%s: legend %q, want %q", test.name, got, test.want)
		}
	}
}

func TestScale(t *testing.T) {
	for _, test := range []struct {
		s    Scale
		v    float64
		want int
	}{
		{Scale{0, 1}, 0, 0}, {Scale{0, 1}, 1, 31}, {Scale{0, 1}, 0.5, 16}, {Scale{0, 1}, -3, 0}, {Scale{0, 1}, 3, 31}, {Scale{2, 2}, 2, 0},
		{Scale{-math.MaxFloat64, math.MaxFloat64}, 0, 16}, {Scale{-math.MaxFloat64, math.MaxFloat64}, math.MaxFloat64, 31},
	} {
		if got := test.s.Step(test.v); got != test.want {
			t.Errorf("step of %v on %v = %d, want %d", test.v, test.s, got, test.want)
		}
	}
}

// TestColourBar: the bar has every colour of the scale, in the light and in the dark, and the points have them too.
func TestColourBar(t *testing.T) {
	for _, dark := range []bool{false, true} {
		g := &Grid{Title: "by label", Scale: &Scale{0, 31}, Dark: dark, Panels: []Panel{{Title: "epoch 1"}}}
		p := &g.Panels[0]
		p.X, p.Y, p.Class = []float32{0, 1}, []float32{0, 1}, []int{0, 31}
		var b bytes.Buffer
		if err := g.Draw(&b, "png"); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		found := map[color.NRGBA]int{}
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				found[color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)]++
			}
		}
		seen := map[color.NRGBA]bool{}
		for i := range ScaleSteps {
			c := g.color(i)
			if found[c] < 10 || seen[c] {
				t.Errorf("dark %v: step %d, %v, has %d pixels, and was there before: %v", dark, i, c, found[c], seen[c])
			}
			seen[c] = true
		}
		b.Reset()
		if n, err := (&Film{Grid: *g, Pace: 1}).Draw(t.Context(), &b, nil); n != 1 || err != nil {
			t.Errorf("the film: %d frames, %v", n, err)
		}
	}
}

// TestLegendFits: names of any length stay within the picture.
func TestLegendFits(t *testing.T) {
	g := grid(1, 10)
	g.Classes = []string{strings.Repeat("中", 200), strings.Repeat("W", 200), "short"}
	for i, e := range g.legend() {
		if w := e.wide(); w > keyText+22 {
			t.Errorf("entry %d is %v wide", i, w)
		}
	}
}
