package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// Files that are far larger when they are read than on the disk, each written in pieces, so that the test stays small.

// A packedArray is an array of an .npz file, all of whose data are one pattern again and again.
type packedArray struct {
	name, descr, shape string
	pattern            []byte // its length divides 1 MiB
	size               int64  // bytes of the data
}

// writeArchive writes an .npz file. Of each array, a piece of 1 MiB is deflated, and repeated.
func writeArchive(t *testing.T, path string, arrays ...packedArray) {
	t.Helper()
	f := create(t, path)
	z := zip.NewWriter(f)
	for _, a := range arrays {
		head := npyHead(a.descr, a.shape)
		piece := bytes.Repeat(a.pattern, 1<<20/len(a.pattern))
		sum := crc32.NewIEEE()
		sum.Write(head)
		whole, rest := a.size>>20, a.size&(1<<20-1)
		for range whole {
			sum.Write(piece)
		}
		sum.Write(piece[:rest])
		first, again := deflated(t, head, false), []byte(nil)
		if whole > 0 {
			again = deflated(t, piece, false)
		}
		last := deflated(t, piece[:rest], true)
		packed := int64(len(first)+len(last)) + whole*int64(len(again))
		w, err := z.CreateRaw(&zip.FileHeader{
			Name: a.name + ".npy", Method: zip.Deflate, CRC32: sum.Sum32(),
			CompressedSize64: uint64(packed), UncompressedSize64: uint64(int64(len(head)) + a.size),
		})
		must(t, err)
		w.Write(first)
		for range whole {
			w.Write(again)
		}
		w.Write(last)
	}
	must(t, z.Close())
	must(t, f.Close())
}

// deflated compresses a piece that others may follow.
func deflated(t *testing.T, b []byte, last bool) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	must(t, err)
	w.Write(b)
	if last {
		must(t, w.Close())
	} else {
		must(t, w.Flush())
	}
	return out.Bytes()
}

func npyHead(descr, shape string) []byte {
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape)
	for (10+len(dict)+1)%64 != 0 {
		dict += " "
	}
	dict += "\n"
	return append(binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(dict))), dict...)
}

// repeated writes a text, a piece n times, and another text.
func repeated(t *testing.T, path, begin, piece string, n int, end string) {
	t.Helper()
	f := create(t, path)
	block := bytes.Repeat([]byte(piece), max(1, min(n, 1<<16/len(piece))))
	io.WriteString(f, begin)
	for left := n * len(piece); left > 0; left -= len(block) {
		f.Write(block[:min(left, len(block))])
	}
	io.WriteString(f, end)
	must(t, f.Close())
}

func create(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	return f
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The codecs of Parquet pages, as its parquet.thrift numbers them.
const (
	pageSnappy, pageGzip, pageBrotli, pageZstd = 1, 2, 4, 6
)

// packedPage compresses what write writes, which is size bytes of which all but the first few are zero.
func packedPage(t *testing.T, codec int, begin []byte, size int64) []byte {
	t.Helper()
	var out bytes.Buffer
	if codec == pageSnappy {
		out.Write(binary.AppendUvarint(nil, uint64(size)))
		for _, b := range append(begin, 0) {
			out.Write([]byte{0, b}) // a literal
		}
		left := size - int64(len(begin)) - 1
		const copied, back = 63<<2 | 2, 1 // 64 bytes again, from one byte back
		out.Write(bytes.Repeat([]byte{copied, back, 0}, int(left/64)))
		for range left % 64 {
			out.Write([]byte{2, back, 0})
		}
		return out.Bytes()
	}
	var w io.WriteCloser
	var err error
	switch codec {
	case pageGzip:
		w, err = gzip.NewWriterLevel(&out, gzip.BestSpeed)
	case pageBrotli:
		w = brotli.NewWriterLevel(&out, 1)
	case pageZstd:
		w, err = zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	}
	must(t, err)
	w.Write(begin)
	zeros := make([]byte, 1<<20)
	for left := size - int64(len(begin)); left > 0; left -= int64(len(zeros)) {
		w.Write(zeros[:min(left, int64(len(zeros)))])
	}
	must(t, w.Close())
	return out.Bytes()
}

// A parquetPage is a page of a column.
type parquetPage struct {
	dictionary bool
	values     int64
	encoding   int64 // 0 plain, 8 indices of the dictionary, 7 with the beginning of the value before
	unpacked   int64
	body       []byte
}

// writeParquet writes a Parquet file of a column of labels and one of lists of floats, in one row group.
func writeParquet(t *testing.T, path string, rows int64, codec int64, labels, vectors []parquetPage) {
	t.Helper()
	f := create(t, path)
	at := int64(4)
	f.WriteString("PAR1")
	chunk := func(name string, kind int64, pages []parquetPage) *compact {
		begin, values := at, int64(0)
		for _, p := range pages {
			h := new(compact)
			what := new(compact).number(1, p.values).number(2, p.encoding)
			if p.dictionary {
				h.number(1, 2).number(2, p.unpacked).number(3, int64(len(p.body))).structure(7, what)
			} else {
				values += p.values
				h.number(1, 0).number(2, p.unpacked).number(3, int64(len(p.body))).structure(5, what.number(3, 3).number(4, 3))
			}
			n, _ := f.Write(append(h.b, 0))
			m, _ := f.Write(p.body)
			at += int64(n + m)
		}
		meta := new(compact).number(1, kind).list(2, 5, new(compact).value(0)).list(3, 8, new(compact).text(name))
		meta.number(4, codec).long(5, values).long(6, at-begin).long(7, at-begin).long(9, begin)
		return new(compact).long(2, begin).structure(3, meta)
	}
	const byteArray, float = 6, 4
	a := chunk("label", byteArray, labels)
	b := chunk("vector", float, vectors)
	root := new(compact).binary(4, "root").number(5, 2)
	label := new(compact).number(1, byteArray).number(3, 0).binary(4, "label").number(6, 0)
	vector := new(compact).number(1, float).number(3, 2).binary(4, "vector")
	group := new(compact).list(1, 12, a.end(), b.end()).long(2, at).long(3, rows)
	meta := new(compact).number(1, 1).list(2, 12, root.end(), label.end(), vector.end()).long(3, rows).list(4, 12, group.end())
	footer := append(meta.b, 0)
	f.Write(footer)
	f.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(footer))))
	f.WriteString("PAR1")
	must(t, f.Close())
}

// compact writes Thrift's compact protocol.
type compact struct {
	b    []byte
	last byte
}

func (c *compact) field(id, kind byte) *compact {
	c.b = append(c.b, (id-c.last)<<4|kind)
	c.last = id
	return c
}

func (c *compact) value(v int64) *compact {
	c.b = binary.AppendVarint(c.b, v)
	return c
}

func (c *compact) text(s string) *compact {
	c.b = append(binary.AppendUvarint(c.b, uint64(len(s))), s...)
	return c
}

func (c *compact) end() *compact {
	c.b = append(c.b, 0)
	return c
}

func (c *compact) number(id byte, v int64) *compact  { return c.field(id, 5).value(v) }
func (c *compact) long(id byte, v int64) *compact    { return c.field(id, 6).value(v) }
func (c *compact) binary(id byte, s string) *compact { return c.field(id, 8).text(s) }

func (c *compact) structure(id byte, s *compact) *compact {
	c.field(id, 12)
	c.b = append(append(c.b, s.b...), 0)
	return c
}

func (c *compact) list(id, kind byte, elements ...*compact) *compact {
	c.field(id, 9)
	c.b = append(c.b, byte(len(elements))<<4|kind)
	for _, e := range elements {
		c.b = append(c.b, e.b...)
	}
	return c
}

// runs encodes values that repeat: pairs of how often and what.
func runs(pairs ...uint64) []byte {
	var b []byte
	for i := 0; i < len(pairs); i += 2 {
		b = append(binary.AppendUvarint(b, pairs[i]<<1), byte(pairs[i+1]))
	}
	return b
}

// levels are runs as levels of a page.
func levels(pairs ...uint64) []byte {
	r := runs(pairs...)
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(r))), r...)
}
