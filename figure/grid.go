package figure

import (
	"errors"
	"io"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Grid is a map at several epochs, side by side on one scale.
type Grid struct {
	Title, Subtitle string
	Panels          []Panel
	Classes         []string // names of the colours; without names and Scale there is no legend
	More            int      // further classes, which the legend counts
	None            string   // the legend's name for points without a class; empty: there are none
	Scale           *Scale   // where colours stand for numbers; nil where they stand for classes
	Dark            bool     // in the colours of the page's dark theme
}

func (g *Grid) look() *look { return lookOf(g.Dark) }

// A Panel is the map at one epoch.
type Panel struct {
	Title  string
	X, Y   []float32
	Class  []int  // of each point: an index of the grid's Classes, or a step of its Scale; −1 for none
	Raised []bool // points that are drawn last, and larger; nil for none
}

// Draw writes the grid as a picture of a format of [Formats].
func (g *Grid) Draw(w io.Writer, format string) error {
	box, points, err := g.extent()
	if err != nil {
		return err
	}
	const panel, gap, margin, head, caption = 150, 10, 16, 40, 14
	columns := columnsOf(len(g.Panels))
	rows := (len(g.Panels) + columns - 1) / columns
	size := vg.Length(panel)
	if len(g.Panels) == 1 {
		size = 3 * panel
	}
	width := vg.Length(columns)*(size+gap) - gap + 2*margin
	legend := vg.Length(0)
	entries := g.legend()
	if len(entries) > 0 {
		legend = keyLine*vg.Length(keyLines(entries, width-2*margin)) + 4
	}
	height := vg.Length(rows)*(size+gap+caption) + head + legend + margin
	radius := vg.Length(math.Min(2.2, math.Max(0.35, 48/math.Sqrt(float64(points)))))
	l := g.look()
	return render(w, format, l, width, height, func(c draw.Canvas) {
		c.FillText(style(12, l.ink), vg.Point{X: c.Min.X + margin, Y: c.Max.Y - margin - 8}, cut(line(g.Title), 12, width-2*margin))
		c.FillText(style(8, l.faint), vg.Point{X: c.Min.X + margin, Y: c.Max.Y - margin - 20}, cut(line(g.Subtitle), 8, width-2*margin))
		for i, p := range g.Panels {
			left := c.Min.X + margin + vg.Length(i%columns)*(size+gap)
			top := c.Max.Y - head - vg.Length(i/columns)*(size+gap+caption)
			c.FillText(style(8, l.faint), vg.Point{X: left, Y: top - 10}, line(p.Title))
			area := vg.Rectangle{Min: vg.Point{X: left, Y: top - caption - size}, Max: vg.Point{X: left + size, Y: top - caption}}
			p.draw(c, g, area, box, radius)
		}
		if legend > 0 {
			inner := c
			inner.Min.X, inner.Max.X = c.Min.X+margin, c.Max.X-margin
			key(inner, l, entries, c.Min.Y+legend-4)
		}
	})
}

// columnsOf returns the number of columns for n panels: slightly more than rows, with few cells left empty.
func columnsOf(n int) int {
	best, least := 1, math.Inf(1)
	for c := 1; c <= n; c++ {
		rows := (n + c - 1) / c
		shape := math.Abs(math.Log(float64(c) / (1.4 * float64(rows))))
		if cost := shape + float64(rows*c-n)/float64(n); cost < least {
			best, least = c, cost
		}
	}
	return best
}

// line returns text as one line of at most 200 printable characters.
func line(s string) string {
	r := []rune(s)
	const maxLength = 200
	if len(r) > maxLength {
		r = r[:maxLength]
	}
	out := ""
	for len(r) > 0 {
		n := min(len(r), 20)
		out += label(string(r[:n]))
		r = r[n:]
	}
	return out
}

// A square is the part of the plane that every panel shows, by its centre and half its side.
type square struct{ x, y, half float64 }

// extent returns the smallest square around all points, and the number of points of the fullest panel.
func (g *Grid) extent() (s square, points int, err error) {
	lo, hi := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, p := range g.Panels {
		points = max(points, len(p.X))
		for i := range p.X {
			if math.IsNaN(float64(p.X[i])) {
				continue
			}
			for k, v := range [2]float64{float64(p.X[i]), float64(p.Y[i])} {
				lo[k], hi[k] = math.Min(lo[k], v), math.Max(hi[k], v)
			}
		}
	}
	if math.IsInf(lo[0], 1) {
		return s, 0, errors.New("there are no points to draw")
	}
	half := math.Max(hi[0]-lo[0], hi[1]-lo[1]) / 2
	if !(half > 0) {
		half = 1
	}
	return square{(lo[0] + hi[0]) / 2, (lo[1] + hi[1]) / 2, 1.04 * half}, points, nil
}

// draw draws the points into an area of the canvas. The order of the points is shuffled by their number, so that the last
// class does not cover the others.
func (p *Panel) draw(c draw.Canvas, g *Grid, area vg.Rectangle, box square, radius vg.Length) {
	c.StrokeLines(draw.LineStyle{Color: g.look().frame, Width: 0.5}, []vg.Point{area.Min, {X: area.Max.X, Y: area.Min.Y}, area.Max, {X: area.Min.X, Y: area.Max.Y}, area.Min})
	side := area.Max.X - area.Min.X
	place := func(i int) vg.Point {
		return vg.Point{
			X: area.Min.X + side*vg.Length(0.5+(float64(p.X[i])-box.x)/(2*box.half)),
			Y: area.Min.Y + side*vg.Length(0.5+(float64(p.Y[i])-box.y)/(2*box.half)),
		}
	}
	n := len(p.X)
	step := coprime(n)
	for _, raised := range []bool{false, true} {
		for k := range n {
			i := k * step % n
			if (p.Raised != nil && p.Raised[i]) != raised {
				continue
			}
			r, color := radius, g.color(p.Class[i])
			color.A = 205
			if raised {
				r, color.A = 1.6*radius, 255
			} else if p.Raised != nil {
				color.A = 120
			}
			c.DrawGlyph(draw.GlyphStyle{Color: color, Radius: r, Shape: draw.CircleGlyph{}}, place(i))
		}
	}
}

// coprime returns a step that visits all of n numbers in a scattered order.
func coprime(n int) int {
	gcd := func(a, b int) int {
		for b != 0 {
			a, b = b, a%b
		}
		return a
	}
	step := max(1, int(0.618*float64(n)))
	for gcd(step, n) != 1 {
		step++
	}
	return step
}
