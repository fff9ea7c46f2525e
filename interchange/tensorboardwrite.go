package interchange

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/embedding"
)

// mapTag is what the places on a map are called among a projector's embeddings.
const mapTag = "map"

// tensorBoard writes the folder of a projector: its configuration, a file of vectors for each epoch, metadata.tsv and, if
// there are thumbnails, sprite.png. Places on a map are an embedding called map. Epochs are steps: LAYER:0000N.
func (s *sink) tensorBoard(ctx context.Context, dir string, tsv bool) error {
	var config strings.Builder
	config.WriteString(embedding.EscapedComment + "\n" + s.columns().kindsLine())
	width, height, err := s.writeSprite(ctx, filepath.Join(dir, "sprite.png"))
	if err != nil {
		return err
	}
	if err := s.writeMetadata(filepath.Join(dir, "metadata.tsv")); err != nil {
		return err
	}
	layer := s.Layer
	if layer == "" || s.Dims > 0 && layer == mapTag {
		layer = "embedding"
	}
	for _, epoch := range s.Epochs {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, m := range []struct {
			tag string
			dim int
			get func(context.Context, int) (*Layer, error)
		}{{layer, s.Dim, s.Vectors}, {mapTag, s.Dims, s.Points}} {
			if m.dim == 0 {
				continue
			}
			l, err := m.get(ctx, epoch)
			if err != nil {
				return err
			}
			if l == nil || l.Rows != nil {
				return fmt.Errorf("epoch %d does not have all %d samples, which a projector's metadata need: choose other epochs, or another format", epoch, s.Samples.Count)
			}
			name := fmt.Sprintf("%s-%05d", map[bool]string{true: "map", false: "tensors"}[m.tag == mapTag], epoch)
			write := writeTSV
			if name += ".tsv"; !tsv {
				name = strings.TrimSuffix(name, ".tsv") + ".bytes"
				write = func(w io.Writer, v []float32, _ int) error { return writeFloats(w, v) }
			}
			if err := create(filepath.Join(dir, name), func(w io.Writer) error { return write(w, l.Data, m.dim) }); err != nil {
				return err
			}
			fmt.Fprintf(&config, "embeddings {\n  tensor_name: %s\n  tensor_shape: %d\n  tensor_shape: %d\n  tensor_path: %s\n  metadata_path: \"metadata.tsv\"\n",
				pbQuote(fmt.Sprintf("%s:%05d", m.tag, epoch)), s.Samples.Count, m.dim, pbQuote(name))
			if width > 0 {
				fmt.Fprintf(&config, "  sprite {\n    image_path: \"sprite.png\"\n    single_image_dim: %d\n    single_image_dim: %d\n  }\n", width, height)
			}
			config.WriteString("}\n")
			s.rows += s.Samples.Count
		}
		s.visit()
	}
	return create(filepath.Join(dir, embedding.ConfigName), func(w io.Writer) error {
		_, err := io.WriteString(w, config.String())
		return err
	})
}

// kindsLine is the line of the configuration that says what the columns of the metadata are; "" where there are none.
func (c tableColumns) kindsLine() string {
	if len(c.kinds) == 0 {
		return ""
	}
	line := embedding.KindsComment
	for _, kind := range c.kinds {
		line += " " + cells.KindNames[kind]
	}
	return line + "\n"
}

// create writes a file of a new folder, and sees to it that it is on the disk.
func create(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(f, 1<<18)
	return errors.Join(write(b), b.Flush(), f.Sync(), f.Close())
}

func writeTSV(w io.Writer, v []float32, dim int) error {
	var line []byte
	for i, x := range v {
		line = strconv.AppendFloat(line, float64(x), 'g', -1, 32)
		if i%dim < dim-1 {
			line = append(line, '\t')
			continue
		}
		line = append(line, '\n')
		if _, err := w.Write(line); err != nil {
			return err
		}
		line = line[:0]
	}
	return nil
}

// pbQuote writes a string in protocol buffers' text format.
func pbQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20 || c == 0x7f:
			fmt.Fprintf(&b, "\\%03o", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// writeMetadata writes id, label and the metadata, with a head. See [escapeTSV].
func (s *sink) writeMetadata(path string) error {
	return create(path, func(w io.Writer) error {
		head, columns := []string{"id", "label"}, s.columns()
		for _, c := range columns.metadata {
			head = append(head, escapeTSV(c.Name))
		}
		io.WriteString(w, strings.Join(head, "\t")+"\n") // the buffer keeps the error
		row := make([]string, len(head))
		for i := range s.Samples.Count {
			row[0], row[1] = escapeTSV(s.Samples.id(i)), ""
			if s.Samples.Labels != nil {
				row[1] = escapeTSV(s.Samples.Labels[i])
			}
			for k, c := range s.Samples.Columns {
				if columns.kinds[k] == cells.JSONColumn {
					row[2+k] = escapeTSV(cells.JSONText(c.Values[i]))
				} else {
					row[2+k] = escapeTSV(cells.Plain(c.Values[i]))
				}
			}
			if _, err := io.WriteString(w, strings.Join(row, "\t")+"\n"); err != nil {
				return err
			}
		}
		return nil
	})
}

// maxSprite is the side of the largest picture that TensorBoard shows.
const maxSprite = 8192

// writeSprite puts the thumbnails side by side, each in a cell as large as the largest of them, and returns the size of a
// cell: 0 if there is none, or if they are too many to be seen.
func (s *sink) writeSprite(ctx context.Context, path string) (width, height int, err error) {
	if s.Samples.Thumbnails == nil {
		return 0, 0, nil
	}
	n := s.Samples.Count
	pictures := make([]image.Image, n)
	for i := range n {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		file, err := s.Samples.Thumbnails(i)
		if err != nil {
			return 0, 0, err
		}
		if file == nil {
			continue
		}
		if c, err := png.DecodeConfig(bytes.NewReader(file)); err != nil || c.Width > maxSprite || c.Height > maxSprite {
			s.notes = append(s.notes, fmt.Sprintf("the thumbnail of sample %q cannot be read and is left out", s.Samples.id(i)))
			continue
		}
		if pictures[i], err = png.Decode(bytes.NewReader(file)); err != nil {
			s.notes = append(s.notes, fmt.Sprintf("the thumbnail of sample %q cannot be read and is left out", s.Samples.id(i)))
			pictures[i] = nil
			continue
		}
		width, height = max(width, pictures[i].Bounds().Dx()), max(height, pictures[i].Bounds().Dy())
	}
	if width == 0 || height == 0 {
		return 0, 0, nil
	}
	across := int(math.Ceil(math.Sqrt(float64(n))))
	down := (n + across - 1) / across
	const least = 4 // pixels
	width, height = min(width, maxSprite/across), min(height, maxSprite/down)
	if width < least || height < least {
		s.notes = append(s.notes, fmt.Sprintf("%d thumbnails do not fit the %d×%d pixels that TensorBoard shows: there is no sprite", n, maxSprite, maxSprite))
		return 0, 0, nil
	}
	all := image.NewNRGBA(image.Rect(0, 0, across*width, down*height))
	for i, p := range pictures {
		if p != nil {
			place(all, image.Rect(0, 0, width, height).Add(image.Pt(i%across*width, i/across*height)), p)
		}
	}
	return width, height, create(path, func(w io.Writer) error { return png.Encode(w, all) })
}

// place draws a picture in a cell: as it is where it fits, and else made smaller.
func place(to *image.NRGBA, cell image.Rectangle, p image.Image) {
	b := p.Bounds()
	if b.Dx() <= cell.Dx() && b.Dy() <= cell.Dy() {
		draw.Draw(to, cell, p, b.Min, draw.Src)
		return
	}
	for y := range cell.Dy() {
		for x := range cell.Dx() {
			to.Set(cell.Min.X+x, cell.Min.Y+y, p.At(b.Min.X+x*b.Dx()/cell.Dx(), b.Min.Y+y*b.Dy()/cell.Dy()))
		}
	}
}
