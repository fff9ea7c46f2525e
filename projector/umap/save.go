package umap

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
)

// ErrModel is wrapped by every error of [Load] about what it read.
var ErrModel = errors.New("umap model")

// A saved model is, all numbers little-endian:
//
//	16 bytes   modelMagic
//	uint32     modelVersion
//	uint32     length of the header
//	JSON       the header
//	float32    map (n×dims), prepared rows (n×columns)
//	float64    preparation: shift, rate (in, in), mean, axes (in, out×in), where it has them
//	32 bytes   SHA-256 of all before
const (
	modelMagic   = "zoetrope umap\r\n\x1a" // line ends show a file that was treated as text
	modelVersion = 1
)

type modelHeader struct {
	N           int             `json:"n"`
	Dims        int             `json:"dims"`
	Columns     int             `json:"columns"` // of the prepared rows; 0 = without
	A           float64         `json:"a"`
	B           float64         `json:"b"`
	Options     Options         `json:"options"`
	Preparation *preparedHeader `json:"preparation,omitempty"`
	Stages      []Stage         `json:"stages,omitempty"`
}

type preparedHeader struct {
	In          int  `json:"in"`
	Out         int  `json:"out"`
	Standardize bool `json:"standardize"`
	Unit        bool `json:"unit"`
	PCA         bool `json:"pca"`
}

// Save writes m, the fitted rows included, for [Load]. Neighbors are not
// written.
func (m *Model) Save(w io.Writer) error {
	h := modelHeader{N: m.N, Dims: m.Dims, A: m.A, B: m.B, Options: m.Options, Stages: m.Stages}
	h.Options.Workers = 0 // the next machine's own affair
	if m.rows != nil {
		h.Columns = len(m.rows) / m.N
	}
	if p := m.Preparation; p != nil {
		h.Preparation = &preparedHeader{In: p.in, Out: p.out, Standardize: p.rate != nil, Unit: p.unit, PCA: p.axes != nil}
	}
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	sum := sha256.New()
	out := io.MultiWriter(w, sum)
	start := binary.LittleEndian.AppendUint32([]byte(modelMagic), modelVersion)
	start = binary.LittleEndian.AppendUint32(start, uint32(len(head)))
	if _, err := out.Write(append(start, head...)); err != nil {
		return err
	}
	for _, v := range [][]float32{m.Embedding, m.rows} {
		if err := writeFloats(out, v, 4, func(b []byte, x float32) { binary.LittleEndian.PutUint32(b, math.Float32bits(x)) }); err != nil {
			return err
		}
	}
	if p := m.Preparation; p != nil {
		for _, v := range [][]float64{p.shift, p.rate, p.mean, p.axes} {
			if err := writeFloats(out, v, 8, func(b []byte, x float64) { binary.LittleEndian.PutUint64(b, math.Float64bits(x)) }); err != nil {
				return err
			}
		}
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

const floatsAtOnce = 1 << 15

func writeFloats[T any](w io.Writer, v []T, size int, put func(b []byte, x T)) error {
	buf := make([]byte, size*min(len(v), floatsAtOnce))
	for len(v) > 0 {
		n := min(len(v), floatsAtOnce)
		for i, x := range v[:n] {
			put(buf[size*i:], x)
		}
		if _, err := w.Write(buf[:size*n]); err != nil {
			return err
		}
		v = v[n:]
	}
	return nil
}

// Load reads a model that [Model.Save] wrote, and no further. It places rows
// with the same bits as the one saved, on the same kind of machine.
func Load(r io.Reader) (*Model, error) {
	l := &loader{r: r, sum: sha256.New()}
	m := l.model()
	if l.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, l.err)
	}
	return m, nil
}

// A loader reads until the first error.
type loader struct {
	r   io.Reader
	sum hash.Hash
	at  int64 // bytes read
	err error
}

func (l *loader) model() *Model {
	if magic := l.bytes(len(modelMagic)); l.err == nil && string(magic) != modelMagic || l.at > 0 && l.at < int64(len(modelMagic)) {
		l.err = errors.New("this is no saved model: want a file that begins with \"zoetrope umap\"")
		return nil
	}
	if v := l.uint32(); l.err == nil && v != modelVersion {
		l.fail("format version %d, want %d: a newer zoetrope wrote it", v, modelVersion)
	}
	h := l.header()
	if l.err != nil {
		return nil
	}
	m := &Model{N: h.N, Dims: h.Dims, A: h.A, B: h.B, Options: h.Options, Stages: h.Stages}
	m.Embedding = readFloats(l, h.N*h.Dims, 4, float32At)
	if h.Columns > 0 {
		m.rows = readFloats(l, h.N*h.Columns, 4, float32At)
	}
	if p := h.Preparation; p != nil {
		q := &Preparation{in: p.In, out: p.Out, unit: p.Unit}
		if p.Standardize {
			q.shift, q.rate = readFloats(l, p.In, 8, float64At), readFloats(l, p.In, 8, float64At)
		}
		if p.PCA {
			q.mean, q.axes = readFloats(l, p.In, 8, float64At), readFloats(l, p.Out*p.In, 8, float64At)
		}
		m.Preparation = q
	}
	want := l.sum.Sum(nil)
	if got := l.bytes(sha256.Size); l.err == nil && !bytes.Equal(got, want) {
		l.fail("the checksum differs: the file is damaged")
	}
	for i, v := range m.Embedding {
		if l.err == nil && !(v > -1e12 && v < 1e12) {
			l.fail("coordinate %d of row %d = %v, want less than 1e12 in size", i%m.Dims, i/m.Dims, v)
		}
	}
	for i, v := range m.rows {
		if l.err == nil && v-v != 0 {
			l.fail("row %d, column %d is %v, want a finite value", i/h.Columns, i%h.Columns, v)
		}
	}
	return m
}

// header reads the header and checks whatever lengths depend on.
func (l *loader) header() (h modelHeader) {
	const longest = 1 << 20
	size := l.uint32()
	if l.err == nil && size > longest {
		l.fail("a header of %d bytes, want at most %d", size, longest)
	}
	head := l.bytes(int(size))
	if l.err != nil {
		return h
	}
	d := json.NewDecoder(bytes.NewReader(head))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		l.fail("its header: %v", err)
		return h
	}
	o := h.Options
	o.NNeighbors = max(2, o.NNeighbors) // of a single row it was resolved to 1
	const most = math.MaxInt32
	switch p := h.Preparation; {
	case h.N < 1 || h.N > most || h.Columns < 0 || h.Columns > most/64:
		l.fail("%d rows of %d columns", h.N, h.Columns)
	case o.Validate() != nil:
		l.err = o.Validate()
	case h.Dims != o.Dims:
		l.fail("a map of %d dimensions with options for %d", h.Dims, o.Dims)
	case h.Options.NNeighbors < 1 || h.Options.NNeighbors > h.N:
		l.fail("%d neighbours among %d rows", h.Options.NNeighbors, h.N)
	case !(h.A > 0 && h.A < 1e300 && h.B > 0 && h.B < 1e6):
		l.fail("a curve with a = %v, b = %v", h.A, h.B)
	case (p != nil) != o.prepares():
		l.fail("its preparation does not match its options")
	case p != nil && (p.In < 1 || p.In > most/64 || p.Out != h.Columns || p.Out < 1 || p.Out > p.In || !p.PCA && p.Out != p.In):
		l.fail("a preparation from %d to %d columns for rows of %d", p.In, p.Out, h.Columns)
	}
	return h
}

func (l *loader) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

func (l *loader) bytes(n int) []byte {
	if l.err != nil {
		return nil
	}
	b := make([]byte, n)
	l.read(b)
	return b
}

func (l *loader) uint32() uint32 {
	var b [4]byte
	l.read(b[:])
	return binary.LittleEndian.Uint32(b[:])
}

func (l *loader) read(b []byte) {
	if l.err != nil {
		return
	}
	n, err := io.ReadFull(l.r, b)
	l.at += int64(n)
	l.sum.Write(b[:n])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		l.fail("it ends after %d bytes, where %d more are wanted: it was cut short", l.at, len(b)-n)
	} else if err != nil {
		l.err = err
	}
}

func float32At(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
func float64At(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

// readFloats reads n numbers, taking memory only as they arrive.
func readFloats[T float32 | float64](l *loader, n, size int, at func(b []byte) T) []T {
	v := make([]T, 0, min(n, floatsAtOnce))
	buf := make([]byte, size*min(n, floatsAtOnce))
	for len(v) < n && l.err == nil {
		part := buf[:size*min(n-len(v), floatsAtOnce)]
		l.read(part)
		for ; len(part) > 0 && l.err == nil; part = part[size:] {
			x := at(part)
			v = append(v, x)
		}
	}
	return v
}
