package figure

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"io"
	"math"

	"gonum.org/v1/plot/vg"
	canvas "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// A Film is a map that moves from epoch to epoch, on one scale. Row i is the same sample in each panel of the grid; a
// sample without coordinates at an epoch is NaN there.
type Film struct {
	Grid
	Pace float64 // panels a second; faster where the film would last longer than half a minute
}

const (
	filmRate    = 20  // frames a second
	maxFilmTime = 30  // seconds of movement
	filmFirst   = 60  // hundredths of a second for which the first epoch is shown
	filmLast    = 180 // and the last
	filmSide    = 480 // of the map, in pixels
	filmDPI     = 108
	filmHead    = 62
	filmEdge    = 16
)

// Draw writes the film as a GIF that repeats for ever, once all frames are drawn; progress is called after each frame.
// It returns the number of frames.
func (f *Film) Draw(ctx context.Context, w io.Writer, progress func(done, total int)) (frames int, err error) {
	if !(f.Pace > 0) {
		return 0, errors.New("a film needs a pace above 0")
	}
	box, points, err := f.extent()
	if err != nil {
		return 0, err
	}
	travel := math.Min(maxFilmTime, float64(len(f.Panels)-1)/f.Pace)
	steps := int(math.Ceil(travel * filmRate))
	p := &reel{film: f, look: f.look(), box: box, radius: math.Max(1.1, math.Min(4.5, 100/math.Sqrt(float64(points)))), order: shuffled(len(f.Panels[0].X))}
	p.tones()
	film := gif.GIF{}
	for i := range steps + 1 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		at := 0.0
		if steps > 0 {
			at = float64(i) / float64(steps) * float64(len(f.Panels)-1)
		}
		img, err := p.frame(at)
		if err != nil {
			return 0, err
		}
		delay := 100 / filmRate
		if i == 0 {
			delay = filmFirst
			film.Config = image.Config{ColorModel: p.palette, Width: img.Rect.Dx(), Height: img.Rect.Dy()}
		}
		if i == steps {
			delay = filmLast
		}
		film.Image, film.Delay, film.Disposal = append(film.Image, img), append(film.Delay, delay), append(film.Disposal, gif.DisposalNone)
		if progress != nil {
			progress(i+1, steps+1)
		}
	}
	return len(film.Image), gif.EncodeAll(until{ctx, w}, &film)
}

// until is a writer that fails once its context is done.
type until struct {
	ctx context.Context
	w   io.Writer
}

func (u until) Write(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.w.Write(b)
}

// A reel makes the frames of a film, one after the other.
type reel struct {
	film    *Film
	look    *look
	box     square
	radius  float64
	order   []int
	palette color.Palette
	nearest [1 << 15]uint8 // index in the palette of the nearest colour, by five bits a channel

	panel  int         // the one whose heading ground shows
	ground *image.RGBA // everything but the points
	last   []uint8     // the frame before
}

// frame draws the film at a position between panels. All frames but the first hold only the pixels that changed.
func (p *reel) frame(at float64) (*image.Paletted, error) {
	from := int(at)
	to := min(from+1, len(p.film.Panels)-1)
	near := int(math.Round(at))
	if p.ground == nil || near != p.panel {
		if err := p.head(near); err != nil {
			return nil, err
		}
	}
	x := at - float64(from)
	t := x + 0.75*(x*x*(3-2*x)-x) // as the page moves
	img := image.NewRGBA(p.ground.Rect)
	copy(img.Pix, p.ground.Pix)
	a, b := &p.film.Panels[from], &p.film.Panels[to]
	n := b
	if near == from {
		n = a
	}
	for _, raised := range []bool{false, true} {
		for _, i := range p.order {
			if (n.Raised != nil && n.Raised[i]) != raised {
				continue
			}
			px, py, alpha := between(a, b, i, t)
			if alpha == 0 {
				continue
			}
			r := p.radius
			if raised {
				r *= 1.6
			} else if n.Raised != nil {
				alpha *= 0.6
			}
			scale := filmSide / (2 * p.box.half)
			disc(img, filmEdge+filmSide/2+(px-p.box.x)*scale, filmHead+filmSide/2-(py-p.box.y)*scale, r, p.film.color(n.Class[i]), 0.8*alpha)
		}
	}
	return p.reduce(img), nil
}

// between returns the position of a row at time t between two panels, and its opacity.
func between(a, b *Panel, i int, t float64) (x, y, alpha float64) {
	ax, ay, bx, by := float64(a.X[i]), float64(a.Y[i]), float64(b.X[i]), float64(b.Y[i])
	switch noA, noB := math.IsNaN(ax), math.IsNaN(bx); {
	case noA && noB:
		return 0, 0, 0
	case noA:
		return bx, by, t
	case noB:
		return ax, ay, 1 - t
	}
	return ax + (bx-ax)*t, ay + (by-ay)*t, 1
}

// disc draws a circle with a soft edge.
func disc(img *image.RGBA, x, y, r float64, c color.NRGBA, alpha float64) {
	for py := max(filmHead, int(y-r)); py <= min(filmHead+filmSide-1, int(y+r)+1); py++ {
		for px := max(filmEdge, int(x-r)); px <= min(filmEdge+filmSide-1, int(x+r)+1); px++ {
			cover := r + 0.5 - math.Hypot(float64(px)+0.5-x, float64(py)+0.5-y)
			if cover <= 0 {
				continue
			}
			k := alpha * math.Min(1, cover)
			q := img.Pix[img.PixOffset(px, py):]
			for d, v := range [3]uint8{c.R, c.G, c.B} {
				q[d] = uint8(float64(q[d])*(1-k) + float64(v)*k + 0.5)
			}
		}
	}
}

// head draws the parts that do not move: title, epoch, legend and the map's frame.
func (p *reel) head(panel int) error {
	g, l := &p.film.Grid, p.look
	pt := func(pixels float64) vg.Length { return vg.Length(pixels * 72 / filmDPI) }
	wide := pt(filmSide)
	legend := 0.0
	entries := g.legend()
	if len(entries) > 0 {
		legend = (keyLine*float64(keyLines(entries, wide)) + 6) * filmDPI / 72
	}
	height := filmHead + filmSide + filmEdge + legend
	c := vgimg.NewWith(vgimg.UseWH(pt(filmSide+2*filmEdge), pt(height)), vgimg.UseDPI(filmDPI), vgimg.UseBackgroundColor(l.paper))
	d := canvas.New(c)
	d.FillPolygon(l.paper, []vg.Point{d.Min, {X: d.Max.X, Y: d.Min.Y}, d.Max, {X: d.Min.X, Y: d.Max.Y}})
	left, right := d.Min.X+pt(filmEdge), d.Max.X-pt(filmEdge)
	epoch := label(g.Panels[panel].Title)
	room := right - left - style(12, l.ink).Width(epoch) - 10
	d.FillText(style(12, l.ink), vg.Point{X: left, Y: d.Max.Y - pt(26)}, cut(line(g.Title), 12, room))
	d.FillText(style(8, l.faint), vg.Point{X: left, Y: d.Max.Y - pt(46)}, cut(line(g.Subtitle), 8, right-left))
	d.FillText(style(12, l.ink), vg.Point{X: right - style(12, l.ink).Width(epoch), Y: d.Max.Y - pt(26)}, epoch)
	top, bottom := d.Max.Y-pt(filmHead), d.Max.Y-pt(filmHead+filmSide)
	d.StrokeLines(canvas.LineStyle{Color: l.frame, Width: 0.5}, []vg.Point{{X: left, Y: bottom}, {X: right, Y: bottom}, {X: right, Y: top}, {X: left, Y: top}, {X: left, Y: bottom}})
	if legend > 0 {
		d.Min.X, d.Max.X = left, right
		key(d, l, entries, bottom-16)
	}
	img := image.NewRGBA(c.Image().Bounds())
	draw.Draw(img, img.Rect, c.Image(), img.Rect.Min, draw.Src)
	p.ground, p.panel = img, panel
	return nil
}

// cut shortens text to a width.
func cut(s string, size, width vg.Length) string {
	r := []rune(s)
	for n := len(r); n > 0; n-- {
		if n < len(r) {
			s = string(r[:n]) + "…"
		}
		if style(size, light.ink).Width(s) <= width {
			return s
		}
	}
	return ""
}

// tones chooses the palette of a GIF: greys, and as many steps from the paper to each class's colour as there is room for.
func (p *reel) tones() {
	used := map[color.NRGBA]bool{}
	var list []color.NRGBA
	add := func(c color.NRGBA) {
		if len(list) < 48 && !used[c] {
			used[c] = true
			list = append(list, c)
		}
	}
	for _, panel := range p.film.Panels {
		for _, class := range panel.Class {
			add(p.film.color(class))
		}
	}
	for _, e := range p.film.legend() {
		for _, c := range e.bar {
			add(c)
		}
		if e.color != nil {
			add(*e.color)
		}
	}
	p.palette = color.Palette{color.NRGBA{}} // the first is transparent, for pixels that stay
	const greys = 20
	for i := range greys {
		p.palette = append(p.palette, mix(p.look.ink, p.look.paper, i, greys-1))
	}
	each := max(1, min(20, (255-greys)/max(1, len(list))))
	for _, c := range list {
		for i := range each {
			p.palette = append(p.palette, mix(p.look.paper, c, i+1, each))
		}
	}
	for k := range p.nearest {
		r, g, b := int(k>>10&31)*255/31, int(k>>5&31)*255/31, int(k&31)*255/31
		best := 1 << 30
		for i, c := range p.palette[1:] {
			q := c.(color.NRGBA)
			dr, dg, db := r-int(q.R), g-int(q.G), b-int(q.B)
			if d := 3*dr*dr + 4*dg*dg + 2*db*db; d < best {
				best, p.nearest[k] = d, uint8(i+1)
			}
		}
	}
}

// mix returns the colour at a step on the way from a to b.
func mix(a, b color.NRGBA, step, steps int) color.NRGBA {
	part := func(a, b uint8) uint8 { return uint8(int(a) + (int(b)-int(a))*step/steps) }
	return color.NRGBA{part(a.R, b.R), part(a.G, b.G), part(a.B, b.B), 255}
}

// reduce gives a frame the palette's colours, and keeps the part that differs from the previous frame.
func (p *reel) reduce(img *image.RGBA) *image.Paletted {
	size := img.Rect.Size()
	now := make([]uint8, size.X*size.Y)
	for i := range now {
		q := img.Pix[4*i : 4*i+3]
		now[i] = p.nearest[int(q[0]>>3)<<10|int(q[1]>>3)<<5|int(q[2]>>3)]
	}
	last := p.last
	p.last = now
	if last == nil {
		return &image.Paletted{Pix: append([]uint8(nil), now...), Stride: size.X, Rect: img.Rect, Palette: p.palette}
	}
	var part image.Rectangle
	for i := range now {
		if now[i] != last[i] {
			x, y := i%size.X, i/size.X
			part = part.Union(image.Rect(x, y, x+1, y+1))
		}
	}
	if part.Empty() {
		part = image.Rect(0, 0, 1, 1) // a GIF's frame is never empty
	}
	out := image.NewPaletted(part, p.palette)
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if i := y*size.X + x; now[i] != last[i] {
				out.Pix[out.PixOffset(x, y)] = now[i]
			}
		}
	}
	return out
}

// shuffled returns 0 to n−1 in a scattered order, so that the last class does not cover the others.
func shuffled(n int) []int {
	list := make([]int, n)
	for k, step := 0, coprime(n); k < n; k++ {
		list[k] = k * step % n
	}
	return list
}
