package interchange

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net/url"
	"time"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
)

// npz writes an archive of arrays: layer (its name), epochs, ids, labels, vectors (E×n×d), points (E×n×2 or 3),
// predictions, losses and confidences (E×n), and metadata/NAME (n) for each column, or metadata.json/NAME for one that no type
// of NumPy is. What is missing is NaN or "".
func (s *sink) npz(ctx context.Context, w io.Writer) error {
	z := &npzWriter{zip: zip.NewWriter(w), ctx: ctx}
	e, n := len(s.Epochs), s.Samples.Count
	s.passes = 0
	for _, there := range []bool{s.Dim > 0, s.Dims > 0, s.Outputs != nil, s.Outputs != nil, s.Outputs != nil, s.Outputs != nil} {
		if there {
			s.passes++
		}
	}
	s.rows = e * n
	z.texts("layer", []string{s.Layer}, 1)
	z.array("epochs", "<i8", func(w io.Writer) error {
		for _, n := range s.Epochs {
			if err := binary.Write(w, binary.LittleEndian, int64(n)); err != nil {
				return err
			}
		}
		return nil
	}, e)
	ids := s.Samples.IDs
	if ids == nil {
		ids = cells.Numbers(n)
	}
	z.texts("ids", ids, n)
	if s.Samples.Labels != nil {
		z.texts("labels", s.Samples.Labels, n)
	}
	for _, m := range []struct {
		name string
		dim  int
		get  func(context.Context, int) (*Layer, error)
	}{{"vectors", s.Dim, s.Vectors}, {"points", s.Dims, s.Points}} {
		if m.dim > 0 {
			z.array(m.name, "<f4", func(w io.Writer) error { return s.matrices(ctx, w, m.dim, m.get) }, e, n, m.dim)
		}
	}
	if s.Outputs != nil {
		s.npzOutputs(z)
	}
	for _, c := range s.Samples.Columns {
		z.column(url.PathEscape(c.Name), c.Values)
	}
	if z.err != nil {
		return z.err
	}
	return z.zip.Close()
}

// matrices writes a matrix for each epoch, with a row for every sample.
func (s *sink) matrices(ctx context.Context, w io.Writer, dim int, get func(context.Context, int) (*Layer, error)) error {
	for _, epoch := range s.Epochs {
		if err := ctx.Err(); err != nil {
			return err
		}
		l, err := get(ctx, epoch)
		if err != nil {
			return err
		}
		if err := writeFloats(w, spread(l, s.Samples.Count, dim)); err != nil {
			return err
		}
		s.visit()
	}
	return nil
}

// spread gives every sample a row; what a layer does not have is NaN.
func spread(l *Layer, n, dim int) []float32 {
	if l != nil && l.Rows == nil {
		return l.Data
	}
	v := make([]float32, n*dim)
	for i := range v {
		v[i] = float32(math.NaN())
	}
	if l != nil {
		for i, r := range l.Rows {
			copy(v[r*dim:(r+1)*dim], l.Data[i*dim:(i+1)*dim])
		}
	}
	return v
}

// writeFloats writes float32, little-endian.
func writeFloats(w io.Writer, v []float32) error {
	const chunk = 1 << 13 // numbers converted at a time
	for len(v) > 0 {
		part := v[:min(chunk, len(v))]
		if err := binary.Write(w, binary.LittleEndian, part); err != nil {
			return err
		}
		v = v[len(part):]
	}
	return nil
}

func (s *sink) npzOutputs(z *npzWriter) {
	e, n := len(s.Epochs), s.Samples.Count
	longest := 1
	z.must(s.eachOutput(z.ctx, func(_ int, o *Outputs) error {
		for _, p := range o.Predictions {
			longest = max(longest, len([]rune(p)))
		}
		return nil
	}))
	if 4*int64(longest)*int64(n)*int64(e) > 8*maxTexts {
		z.must(fmt.Errorf("predictions: in an .npz file each of %d would take as much as the longest, %d characters: write a Parquet file", n*e, longest))
		return
	}
	z.array("predictions", fmt.Sprintf("<U%d", longest), func(w io.Writer) error {
		return s.eachOutput(z.ctx, func(_ int, o *Outputs) error {
			texts := make([]string, n)
			o.each(n, func(i, sample int) {
				if o.Predictions != nil {
					texts[sample] = o.Predictions[i]
				}
			})
			return writeUTF32(w, texts, longest)
		})
	}, e, n)
	for _, m := range []struct {
		name string
		get  func(*Outputs) []float64
	}{
		{"losses", func(o *Outputs) []float64 { return o.Losses }},
		{"confidences", func(o *Outputs) []float64 { return o.Confidences }},
	} {
		z.array(m.name, "<f8", func(w io.Writer) error {
			return s.eachOutput(z.ctx, func(_ int, o *Outputs) error {
				v := make([]float64, n)
				for i := range v {
					v[i] = math.NaN()
				}
				o.each(n, func(i, sample int) {
					if from := m.get(o); from != nil {
						v[sample] = from[i]
					}
				})
				return binary.Write(w, binary.LittleEndian, v)
			})
		}, e, n)
	}
}

// eachOutput calls f with the outputs of every epoch, empty ones where there are none.
func (s *sink) eachOutput(ctx context.Context, f func(epoch int, o *Outputs) error) error {
	for _, epoch := range s.Epochs {
		if err := ctx.Err(); err != nil {
			return err
		}
		o, err := s.Outputs(ctx, epoch)
		if err != nil {
			return err
		}
		if o == nil {
			o = &Outputs{}
		}
		if err := f(epoch, o); err != nil {
			return err
		}
		s.visit()
	}
	return nil
}

// each calls f with the place of each element and its sample, of n.
func (o *Outputs) each(n int, f func(i, sample int)) {
	if o.Rows != nil {
		for i, r := range o.Rows {
			f(i, r)
		}
		return
	}
	if o.Predictions != nil || o.Losses != nil || o.Confidences != nil {
		for i := range n {
			f(i, i)
		}
	}
}

// npzWriter writes arrays to an archive, and keeps the first error.
type npzWriter struct {
	zip *zip.Writer
	ctx context.Context
	err error
}

func (z *npzWriter) must(err error) {
	if z.err == nil {
		z.err = err
	}
}

// array adds an array whose data write writes.
func (z *npzWriter) array(name, descr string, write func(io.Writer) error, shape ...int) {
	if z.err != nil {
		return
	}
	// Stored, as numpy.savez does: floats hardly shrink. The time is left out, so that equal archives are equal bytes.
	w, err := z.zip.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store, Modified: time.Time{}})
	if err != nil {
		z.err = err
		return
	}
	b := bufio.NewWriterSize(w, 1<<16)
	writeHead(b, descr, shape)
	if z.err = write(b); z.err == nil {
		z.err = b.Flush()
	}
}

// maxTexts bounds an array of strings, in which every one takes as much as the longest, in bytes.
const maxTexts = 1 << 30

// texts adds an array of n strings.
func (z *npzWriter) texts(name string, texts []string, n int) {
	longest := 1
	for _, t := range texts {
		longest = max(longest, len([]rune(t)))
	}
	if 4*int64(longest)*int64(n) > maxTexts {
		z.must(fmt.Errorf("%s: in an .npz file each of %d strings would take as much as the longest, %d characters: write a Parquet file", name, n, longest))
		return
	}
	z.array(name, fmt.Sprintf("<U%d", longest), func(w io.Writer) error { return writeUTF32(w, texts, longest) }, n)
}

func writeUTF32(w io.Writer, texts []string, longest int) error {
	row := make([]byte, 4*longest)
	for _, t := range texts {
		clear(row)
		at := 0
		for _, r := range t {
			binary.LittleEndian.PutUint32(row[at:], uint32(r))
			at += 4
		}
		if _, err := w.Write(row); err != nil {
			return err
		}
	}
	return nil
}

// column adds a column of metadata as the narrowest type that holds it.
func (z *npzWriter) column(name string, values []any) {
	n := len(values)
	kind := cells.KindOf(values)
	if missing := cells.HasNil(values); missing && (kind == cells.BoolColumn || kind == cells.IntColumn && !cells.FitsFloats(values)) {
		kind = cells.JSONColumn
	} else if missing && kind == cells.IntColumn {
		kind = cells.FloatColumn
	}
	data := func(descr string, element func(v any) any) {
		z.array(metadataPrefix+name, descr, func(w io.Writer) error {
			for _, v := range values {
				if err := binary.Write(w, binary.LittleEndian, element(v)); err != nil {
					return err
				}
			}
			return nil
		}, n)
	}
	texts := func(prefix string, text func(v any) string) {
		list := make([]string, n)
		for i, v := range values {
			list[i] = text(v)
		}
		z.texts(prefix+name, list, n)
	}
	switch kind {
	case cells.BoolColumn:
		data("|b1", func(v any) any { return v })
	case cells.IntColumn:
		data("<i8", func(v any) any { return v })
	case cells.FloatColumn:
		data("<f8", func(v any) any { return cells.AsFloat(v) })
	case cells.JSONColumn:
		texts(jsonPrefix, cells.JSONText)
	default:
		texts(metadataPrefix, cells.Plain)
	}
}
