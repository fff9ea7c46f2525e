package interchange

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/embedding"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
)

// metadata reads the TSV file of an embedding: one column without a head, or several with one, as TensorBoard has it.
// Without a column that is called so, the first is the label.
func (t *tensorBoard) metadata(e embedding.Embedding, d *Dataset, o Options) error {
	content, err := t.read(e.MetadataPath)
	if err != nil {
		return err
	}
	m, err := t.rowsOf(content, o)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", t.config, e.MetadataPath, err)
	}
	if m.Rows != t.rows {
		return fmt.Errorf("%s: %s has %d rows, and %q %d: want one for each", t.config, e.MetadataPath, m.Rows, e.TensorName, t.rows)
	}
	for _, n := range m.Notes {
		d.note("%s: %s: %s", t.config, e.MetadataPath, n)
	}
	if m.IDs != nil {
		if err := distinct(e.MetadataPath, m.IDs); err != nil {
			return fmt.Errorf("%s: %w", t.config, err)
		}
	}
	if t.escaped {
		for i := range m.Columns {
			m.Columns[i].Name = strings.TrimPrefix(m.Columns[i].Name, clashPrefix)
		}
	}
	d.Samples.IDs, d.Samples.Labels, d.Samples.Columns = m.IDs, m.Labels, m.Columns
	return nil
}

// rowsOf reads the lines of a metadata file, which have fields separated by tabs, and no quotes.
func (t *tensorBoard) rowsOf(content []byte, o Options) (*Metadata, error) {
	ration := limits.NewRation(int64(len(content)))
	text, encoding, err := readText(bytes.NewReader(content), o.Encoding)
	if err != nil {
		return nil, err
	}
	g, err := tabRows(text, ration)
	if err == nil && len(g.head) < 2 { // one column has no head, and may begin with a sample without a label
		g.drop()
		g, err = tabRows("label\n"+text, ration)
		for i := range g.lines {
			g.lines[i]--
		}
	}
	if err != nil {
		return nil, err
	}
	if bad, ok := errors.AsType[*raggedError](g.even()); ok {
		return nil, fmt.Errorf("line %d has %d columns, and line %d has %d", bad.line, bad.have, max(1, bad.headLine), bad.want)
	}
	o.Samples, g.firstLabel = t.rows, true
	if !t.escaped {
		return g.metadata(encoding, encoding.Sound(text), o)
	}
	for _, row := range append([][]string{g.head}, g.rows...) {
		for i, s := range row {
			row[i] = unescapeTSV(s)
		}
	}
	if err := g.check(encoding); err != nil {
		return nil, err
	}
	g.exact, g.kinds = true, t.kinds
	return g.named(g.head, o)
}

const (
	maxSpritePixels = 1 << 27
	minPixelBits    = 1 // of a PNG
)

var (
	toTSV   = strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r")
	fromTSV = strings.NewReplacer("\\\\", "\\", "\\t", "\t", "\\n", "\n", "\\r", "\r")
)

// escapeTSV writes a field of a TSV file, which has no quotes: tabs, line ends and backslashes become \t, \n, \r and \\.
func escapeTSV(s string) string { return toTSV.Replace(s) }

func unescapeTSV(s string) string { return fromTSV.Replace(s) }

// sprite takes the picture of all samples apart: they stand row by row, each of the same size.
func (t *tensorBoard) sprite(e embedding.Embedding, d *Dataset) error {
	name := fmt.Sprintf("%s: %s", t.config, e.SpritePath)
	if len(e.SpriteDim) != 2 {
		return fmt.Errorf("%s: single_image_dim is %v: want the width and height of one picture", name, e.SpriteDim)
	}
	f, size, err := t.open(e.SpritePath)
	if err != nil {
		return err
	}
	defer f.Close()
	c, err := png.DecodeConfig(f)
	if err != nil {
		return fmt.Errorf("%s: this is not a PNG image: %w", name, err)
	}
	pixels := int64(c.Width) * int64(c.Height)
	if pixels > maxSpritePixels || pixels/maxInflate/8*minPixelBits > size {
		return fmt.Errorf("%s: the image claims %d×%d pixels: want at most %d, and a file that can hold them", name, c.Width, c.Height, maxSpritePixels)
	}
	if err := limits.NewRation(size).Take(pixels * pixelBytes(c.ColorModel)); err != nil {
		return fmt.Errorf("%s: an image of %d×%d pixels: %w", name, c.Width, c.Height, err)
	}
	w, h := e.SpriteDim[0], e.SpriteDim[1]
	if w > c.Width || h > c.Height || (c.Width/w)*(c.Height/h) < t.rows {
		return fmt.Errorf("%s: an image of %d×%d pixels does not hold %d pictures of %d×%d", name, c.Width, c.Height, t.rows, w, h)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	all, err := png.Decode(f)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := t.ration.Take(spriteBytes * int64(t.rows)); err != nil {
		return fmt.Errorf("%s: %d pictures: %w", name, t.rows, err)
	}
	across := c.Width / w
	d.Samples.Thumbnails = func(i int) ([]byte, error) {
		one := image.NewNRGBA(image.Rect(0, 0, w, h))
		draw.Draw(one, one.Rect, all, all.Bounds().Min.Add(image.Pt(i%across*w, i/across*h)), draw.Src)
		var b bytes.Buffer
		err := npy.Encoder.Encode(&b, one)
		return b.Bytes(), err
	}
	return nil
}

// spriteBytes is about what the smallest picture takes as a PNG file.
const spriteBytes = 96

// pixelBytes is how many bytes a pixel of an image takes when it is decoded.
func pixelBytes(m color.Model) int64 {
	switch m {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.NRGBA64Model, color.RGBA64Model:
		return 8
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 4
}
