// Package figure draws maps and measures as pictures, without a browser: a grid of a map's epochs and curves over epochs,
// as PNG or SVG, and a map that moves through its epochs, as GIF. It knows numbers and names, nothing of runs or stores.
package figure

import (
	"fmt"
	"image/color"
	"io"
	"strings"
	"unicode"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Formats are the formats of pictures.
var Formats = []string{"png", "svg"}

// Colors are the class colours of the page's light theme, which the colour-blind can tell apart too. Further classes
// get the same colours, darker.
var Colors = []color.NRGBA{
	{0x20, 0x72, 0xae, 255}, {0xdc, 0x7a, 0x12, 255}, {0x2d, 0xb4, 0x7b, 255}, {0xc0, 0x4d, 0x6c, 255}, {0x4b, 0x38, 0xba, 255}, {0x37, 0xc2, 0xf2, 255},
	{0xba, 0xbb, 0x33, 255}, {0x82, 0x35, 0x13, 255}, {0xf2, 0x8b, 0xb9, 255}, {0x78, 0x6f, 0x14, 255}, {0xac, 0x73, 0xe9, 255}, {0xa3, 0x0c, 0x78, 255},
}

// DarkColors are the class colours of the page's dark theme.
var DarkColors = []color.NRGBA{
	{0x2d, 0x7d, 0xdf, 255}, {0xf2, 0xa1, 0x01, 255}, {0x51, 0xd0, 0x75, 255}, {0xf8, 0x74, 0xab, 255}, {0xc1, 0x86, 0xfa, 255}, {0x85, 0xee, 0xfe, 255},
	{0xe2, 0xe1, 0x7e, 255}, {0xc4, 0x81, 0x6f, 255}, {0xfb, 0xb1, 0xbf, 255}, {0x77, 0x8e, 0x16, 255}, {0xab, 0xba, 0xf6, 255}, {0xbd, 0x4d, 0xa7, 255},
}

// A look holds the colours of a picture.
type look struct {
	paper, ink, faint, frame color.NRGBA
	none                     color.NRGBA // of points without a class
	classes                  []color.NRGBA
	ramp                     []color.NRGBA // of a scale of numbers
}

var (
	light = look{
		paper: color.NRGBA{255, 255, 255, 255}, ink: color.NRGBA{0x24, 0x26, 0x2b, 255}, faint: color.NRGBA{0x6a, 0x6d, 0x75, 255},
		frame: color.NRGBA{0xd9, 0xda, 0xde, 255}, none: color.NRGBA{0x8d, 0x90, 0x98, 255}, classes: Colors, ramp: lightRamp,
	}
	dark = look{
		paper: color.NRGBA{0x12, 0x13, 0x17, 255}, ink: color.NRGBA{0xec, 0xed, 0xf1, 255}, faint: color.NRGBA{0xa4, 0xa7, 0xb1, 255},
		frame: color.NRGBA{0x36, 0x39, 0x41, 255}, none: color.NRGBA{0x8b, 0x8e, 0x98, 255}, classes: DarkColors, ramp: darkRamp,
	}
)

func lookOf(inTheDark bool) *look {
	if inTheDark {
		return &dark
	}
	return &light
}

// of returns the colour of a class; a negative class is none.
func (l *look) of(class int) color.NRGBA {
	if class < 0 {
		return l.none
	}
	c := l.classes[class%len(l.classes)]
	if class/len(l.classes)%2 == 1 {
		c.R, c.G, c.B = c.R*5/8, c.G*5/8, c.B*5/8
	}
	return c
}

const dpi = 160 // of a PNG

// render makes a canvas of a size in points, calls paint, and writes the canvas.
func render(w io.Writer, format string, l *look, width, height vg.Length, paint func(draw.Canvas)) error {
	var c vg.CanvasWriterTo
	switch format {
	case "png":
		c = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(l.paper))}
	case "svg":
		c = vgsvg.New(width, height)
	default:
		return fmt.Errorf("there is no picture format %q: want %s", format, strings.Join(Formats, " or "))
	}
	d := draw.New(c)
	d.FillPolygon(l.paper, []vg.Point{d.Min, {X: d.Max.X, Y: d.Min.Y}, d.Max, {X: d.Min.X, Y: d.Max.Y}})
	paint(d)
	_, err := c.WriteTo(w)
	return err
}

// style returns the style of plain text of a size in points.
func style(size vg.Length, c color.Color) text.Style {
	return text.Style{Color: c, Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size), Handler: writer{text.Plain{Fonts: font.DefaultCache}}}
}

// label returns a name as a legend shows it: one line of at most 28 printable characters.
func label(s string) string {
	const maxLength = 28
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxLength {
		s = string(r[:maxLength-1]) + "…"
	}
	return s
}
