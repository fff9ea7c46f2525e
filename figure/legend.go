package figure

import (
	"fmt"
	"image/color"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ScaleSteps is the number of colours of a [Scale].
const ScaleSteps = 32

// A Scale maps numbers to colours: step 0 is Lo, step ScaleSteps−1 is Hi.
type Scale struct{ Lo, Hi float64 }

// Step returns the step of a number on the scale.
func (s *Scale) Step(v float64) int {
	if !(s.Hi > s.Lo) {
		return 0
	}
	return min(ScaleSteps-1, max(0, int((v/2-s.Lo/2)/(s.Hi/2-s.Lo/2)*ScaleSteps))) // halves, because Hi−Lo may overflow
}

// ramps are the page's scales of even lightness (viridis); the end that stands out comes last.
var (
	lightRamp = []color.NRGBA{{0xb8, 0xde, 0x29, 255}, {0x6e, 0xce, 0x58, 255}, {0x2f, 0xb4, 0x7c, 255}, {0x1f, 0x9a, 0x8a, 255},
		{0x28, 0x7c, 0x8e, 255}, {0x34, 0x61, 0x8d, 255}, {0x44, 0x3a, 0x83, 255}, {0x3b, 0x0f, 0x54, 255}}
	darkRamp = []color.NRGBA{{0x43, 0x3e, 0x85, 255}, {0x36, 0x5c, 0x8d, 255}, {0x2a, 0x78, 0x8e, 255}, {0x21, 0x90, 0x8d, 255},
		{0x27, 0xad, 0x81, 255}, {0x5c, 0xc8, 0x63, 255}, {0xa8, 0xdb, 0x34, 255}, {0xfd, 0xe7, 0x25, 255}}
)

// step returns the colour of a step.
func (l *look) step(i int) color.NRGBA {
	at := i * (len(l.ramp) - 1)
	k := min(at/(ScaleSteps-1), len(l.ramp)-2)
	return mix(l.ramp[k], l.ramp[k+1], at-k*(ScaleSteps-1), ScaleSteps-1)
}

// color returns the colour of a class or of a step of the scale; a negative class is none.
func (g *Grid) color(class int) color.NRGBA {
	l := g.look()
	if g.Scale != nil && class >= 0 {
		return l.step(class)
	}
	return l.of(class)
}

// An entry is a name in a legend, behind a dot or, for a scale, between its colours; one without a colour stands alone.
type entry struct {
	name  string
	color *color.NRGBA
	bar   []color.NRGBA
}

// legend names every colour of the points.
func (g *Grid) legend() []entry {
	var list []entry
	if s := g.Scale; s != nil {
		e := entry{name: number(s.Hi)}
		for i := range ScaleSteps {
			e.bar = append(e.bar, g.color(i))
		}
		list = append(list, entry{name: number(s.Lo)}, e)
	}
	for i, name := range g.Classes {
		list = append(list, dot(name, g.color(i)))
	}
	if g.More > 0 {
		list = append(list, entry{name: fmt.Sprintf("and %d more", g.More)})
	}
	if g.None != "" {
		list = append(list, dot(g.None, g.color(-1)))
	}
	return list
}

// dot returns the entry of a class or, with an empty name, of points without a class.
func dot(name string, c color.NRGBA) entry {
	if name == "" {
		name = "no label"
	}
	return entry{name: name, color: &c}
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

const (
	keyLine = 13
	keyText = 180 // the widest name
	barStep = 3
)

// text returns the entry's name as it fits; wide is the width of the whole entry.
func (e *entry) text() string { return cut(label(e.name), 8, keyText) }

func (e *entry) wide() vg.Length {
	w := style(8, light.ink).Width(e.text()) + 11
	if e.color != nil {
		w += 11
	}
	return w + vg.Length(len(e.bar)*barStep)
}

// key draws a legend below y, in as many lines as it needs.
func key(c draw.Canvas, l *look, entries []entry, y vg.Length) {
	st := style(8, l.ink)
	x := c.Min.X
	for i, e := range entries {
		w := e.wide()
		if x+w > c.Max.X && x > c.Min.X && (e.bar == nil || i == 0) {
			x, y = c.Min.X, y-keyLine
		}
		at := x
		if e.color != nil {
			c.DrawGlyph(draw.GlyphStyle{Color: *e.color, Radius: 3, Shape: draw.CircleGlyph{}}, vg.Point{X: at + 4, Y: y + 3})
			at += 11
		}
		for _, step := range e.bar {
			c.FillPolygon(step, []vg.Point{{X: at - 4, Y: y}, {X: at - 4 + barStep, Y: y}, {X: at - 4 + barStep, Y: y + 7}, {X: at - 4, Y: y + 7}})
			at += barStep
		}
		c.FillText(st, vg.Point{X: at, Y: y}, e.text())
		x += w
	}
}

// keyLines returns how many lines key needs.
func keyLines(entries []entry, width vg.Length) int {
	lines, x := 1, vg.Length(0)
	for i, e := range entries {
		w := e.wide()
		if x+w > width && x > 0 && (e.bar == nil || i == 0) {
			lines, x = lines+1, 0
		}
		x += w
	}
	return lines
}
