package figure

import (
	"errors"
	"fmt"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curves draws charts of measures over epochs, side by side.
type Curves struct {
	Title, Subtitle string
	Charts          []Chart
	Dark            bool // in the colours of the page's dark theme
}

// A Chart has one axis of values and any number of lines.
type Chart struct {
	Title string
	Lines []Line
}

// A Line is a measure at some epochs; NaN is a gap.
type Line struct {
	Name   string
	Epochs []float64
	Values []float64
}

// Draw writes the charts as a picture of a format of [Formats].
func (g *Curves) Draw(w io.Writer, format string) error {
	if len(g.Charts) == 0 {
		return errors.New("there is nothing to chart")
	}
	look := lookOf(g.Dark)
	const wide, high, margin, head, above = 290, 190, 16, 44, 30 // above a chart: its title and the names of its lines
	columns := min(2, len(g.Charts))
	rows := (len(g.Charts) + columns - 1) / columns
	var plots [][]*plot.Plot
	for r := range rows {
		row := make([]*plot.Plot, columns)
		for k := range row {
			if i := r*columns + k; i < len(g.Charts) {
				p, err := g.Charts[i].plot(look)
				if err != nil {
					return err
				}
				row[k] = p
			}
		}
		plots = append(plots, row)
	}
	width, height := vg.Length(columns*wide+2*margin), vg.Length(rows*(high+above)+head+margin)
	return render(w, format, look, width, height, func(c draw.Canvas) {
		c.FillText(style(12, look.ink), vg.Point{X: c.Min.X + margin, Y: c.Max.Y - margin - 8}, cut(line(g.Title), 12, width-2*margin))
		c.FillText(style(8, look.faint), vg.Point{X: c.Min.X + margin, Y: c.Max.Y - margin - 20}, cut(line(g.Subtitle), 8, width-2*margin))
		inner := draw.Crop(c, margin, -margin, margin/2, -head)
		tiles := draw.Tiles{Cols: columns, Rows: rows, PadX: 14, PadY: above + 10, PadTop: above}
		for r, row := range plot.Align(plots, tiles, inner) {
			for k, canvas := range row {
				if plots[r][k] == nil {
					continue
				}
				plots[r][k].Draw(canvas)
				chart := g.Charts[r*columns+k]
				c.FillText(style(9, look.ink), vg.Point{X: canvas.Min.X, Y: canvas.Max.Y + 17}, line(chart.Title))
				names := c // which also draws glyphs beside the chart
				names.Min.X, names.Max.X = canvas.Min.X, canvas.Max.X
				key(names, look, chart.legend(look), canvas.Max.Y+4)
			}
		}
	})
}

func (c *Chart) legend(look *look) []entry {
	var list []entry
	for i, l := range c.Lines {
		list = append(list, dot(l.Name, look.of(i)))
	}
	return list
}

func (c *Chart) plot(look *look) (*plot.Plot, error) {
	p := plot.New()
	p.BackgroundColor = look.paper
	p.X.Label.Text = "epoch"
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font, axis.Label.TextStyle.Color = style(8, look.faint).Font, look.faint
		axis.Tick.Label.Font, axis.Tick.Label.Color = style(7, look.faint).Font, look.faint
		axis.Color, axis.Tick.Color = look.frame, look.frame
	}
	p.Y.Tick.Label.XAlign = draw.XRight
	p.X.Tick.Marker = wholeTicks{}
	grid := plotter.NewGrid()
	grid.Vertical.Width, grid.Horizontal.Color = 0, look.frame
	p.Add(grid)
	for i, l := range c.Lines {
		if len(l.Epochs) != len(l.Values) {
			return nil, fmt.Errorf("line %q has %d epochs and %d values", l.Name, len(l.Epochs), len(l.Values))
		}
		for _, part := range l.parts() {
			stroke, err := plotter.NewLine(part)
			if err != nil {
				return nil, err
			}
			stroke.Color, stroke.Width = look.of(i), 1.4
			dots, err := plotter.NewScatter(part)
			if err != nil {
				return nil, err
			}
			dots.GlyphStyle = draw.GlyphStyle{Color: look.of(i), Radius: 1.6, Shape: draw.CircleGlyph{}}
			p.Add(stroke, dots)
		}
	}
	if p.Y.Min == p.Y.Max {
		p.Y.Min, p.Y.Max = p.Y.Min-0.5, p.Y.Max+0.5
	}
	if p.X.Min == p.X.Max {
		p.X.Min, p.X.Max = p.X.Min-0.5, p.X.Max+0.5
	}
	room := (p.Y.Max - p.Y.Min) * 0.08
	p.Y.Min, p.Y.Max = p.Y.Min-room, p.Y.Max+room
	return p, nil
}

// parts returns the pieces of a line between gaps.
func (l *Line) parts() []plotter.XYs {
	var parts []plotter.XYs
	var at plotter.XYs
	for i, v := range l.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			if at != nil {
				parts, at = append(parts, at), nil
			}
			continue
		}
		at = append(at, plotter.XY{X: l.Epochs[i], Y: v})
	}
	if at != nil {
		parts = append(parts, at)
	}
	return parts
}

// wholeTicks marks whole epochs.
type wholeTicks struct{}

// Ticks implements [plot.Ticker].
func (wholeTicks) Ticks(lo, hi float64) []plot.Tick {
	step := math.Max(1, math.Ceil((hi-lo)/8))
	for _, nice := range []float64{1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000} {
		if nice >= step {
			step = nice
			break
		}
	}
	var ticks []plot.Tick
	for v := math.Ceil(lo/step) * step; v <= hi; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.0f", v)})
	}
	return ticks
}
