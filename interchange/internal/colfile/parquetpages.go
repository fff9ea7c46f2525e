package colfile

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
)

// Limits on what describes a Parquet file and its pages.
const (
	maxFooterParts = 1 << 19  // structs and elements of lists in the footer
	maxPageHeader  = 16 << 20 // bytes
	pagePadding    = 100      // bytes by which old writers made a column's length too small
)

// A page is what the header of a Parquet page says.
type page struct {
	kind             int64
	unpacked, packed int64 // bytes
	values           int64
	encoding         int64
	headerBytes      int64
}

// The kinds of pages and the encodings that are looked at, as in Parquet's parquet.thrift.
const (
	dataPage, dictionaryPage, dataPageV2              = 0, 2, 3
	deltaBinary, deltaLengthByteArray, deltaByteArray = 5, 6, 7
)

// valuesAtOnce is how many bytes the values of a column that are read at a time may have.
const valuesAtOnce = 32 << 20

// checkPages walks over the pages of a column of a row group, before the library unpacks any: each must fit the ration at
// once, and together they are counted. It returns how many values may be read at a time: the library copies those that are
// in a dictionary, or are made of the ones before them, each of which may be as long as a page.
func (p *parquetFile) checkPages(c *metadata.ColumnChunkMetaData, r *ration.Ration) (atATime int, err error) {
	longest := int64(1)
	at := c.DataPageOffset()
	if c.HasDictionaryPage() && c.DictionaryPageOffset() > 0 {
		at = min(at, c.DictionaryPageOffset())
	}
	length := c.TotalCompressedSize()
	if at < 0 || length < 0 || at > p.Size || length > p.Size-at {
		return 0, fmt.Errorf("the column claims %d bytes from byte %d of %d", length, at, p.Size)
	}
	values, end := int64(0), min(p.Size, at+length+pagePadding)
	for at < end {
		h, err := p.pageAt(at)
		if err != nil {
			if values >= c.NumValues() {
				break // padding
			}
			return 0, err
		}
		if err := h.check(r); err != nil {
			return 0, fmt.Errorf("the page at byte %d: %w", at, err)
		}
		if h.kind == dataPage || h.kind == dataPageV2 {
			values += h.values
		}
		if c.Type() == parquet.Types.ByteArray && (h.kind == dictionaryPage || h.encoding == deltaByteArray) {
			longest = max(longest, h.unpacked)
		}
		at += h.headerBytes + h.packed
	}
	return int(max(1, min(levelsAtATime, valuesAtOnce/longest))), nil
}

// check holds what a page takes when it is unpacked against the ration.
func (h page) check(r *ration.Ration) error {
	need := h.unpacked
	switch {
	case h.unpacked < 0 || h.packed < 0 || h.values < 0:
		return fmt.Errorf("it claims %d bytes, %d unpacked, and %d values", h.packed, h.unpacked, h.values)
	case h.kind == dictionaryPage:
		need += 24 * h.values
	case h.encoding >= deltaBinary && h.encoding <= deltaByteArray:
		need += 8 * h.values
	}
	if most := max(limits.Budget, 2*h.packed); h.unpacked > most {
		return &ration.Overdraft{Asked: h.unpacked, Left: most}
	}
	if err := r.Take(need); err != nil {
		return err
	}
	r.Give(need)
	return r.Count(h.unpacked)
}

// pageAt reads the header of the page at a byte of the file. Headers are short, but may hold values.
func (p *parquetFile) pageAt(at int64) (h page, err error) {
	for n := int64(1 << 9); ; n *= 16 {
		b := make([]byte, min(n, p.Size-at))
		if _, err := p.file.ReadAt(b, at); err != nil && err != io.EOF {
			return h, err
		}
		t := &thrift{b: b, left: maxPageHeader}
		if t.read(func() { h = t.page() }) {
			h.headerBytes = int64(t.at)
			return h, nil
		}
		if n >= maxPageHeader || int64(len(b)) == p.Size-at {
			return h, fmt.Errorf("the header of the page at byte %d is damaged", at)
		}
	}
}

// checkFooter counts what a footer is made of, before the library makes structs of it.
func checkFooter(b []byte) error {
	t := &thrift{b: b, left: maxFooterParts}
	if !t.read(func() { t.skip(thriftStruct, 0) }) {
		if t.left <= 0 {
			return fmt.Errorf("the footer describes more than %d things", maxFooterParts)
		}
		return fmt.Errorf("the footer is damaged")
	}
	return nil
}

// A thrift reads Thrift's compact protocol, in which Parquet describes itself.
type thrift struct {
	b    []byte
	at   int
	left int // structs and elements that may still come
}

// Types of the compact protocol.
const (
	thriftTrue, thriftFalse, thriftByte, thriftDouble = 1, 2, 3, 7
	thriftBinary, thriftList, thriftSet, thriftMap    = 8, 9, 10, 11
	thriftStruct                                      = 12
	maxThriftDepth                                    = 32
)

// read calls f, and reports whether all that it read was there.
func (t *thrift) read(f func()) (ok bool) {
	defer func() {
		if recover() != nil { // the end of b, or what is no Thrift
			ok = false
		}
	}()
	f()
	return true
}

// fields calls f with each field of a struct; f reads its value.
func (t *thrift) fields(f func(id int64, kind byte)) {
	id := int64(0)
	for {
		c := t.byte()
		if c == 0 {
			return
		}
		if c>>4 != 0 {
			id += int64(c >> 4)
		} else {
			id = t.signed()
		}
		f(id, c&15)
	}
}

func (t *thrift) byte() byte {
	t.at++
	return t.b[t.at-1]
}

func (t *thrift) unsigned() uint64 {
	v, n := binary.Uvarint(t.b[t.at:])
	if n <= 0 {
		panic("no number")
	}
	t.at += n
	return v
}

func (t *thrift) signed() int64 {
	v := t.unsigned()
	return int64(v>>1) ^ -int64(v&1)
}

// length is that of a list or a text, each element or byte of which takes a byte at least.
func (t *thrift) length(n uint64) int {
	if n > uint64(len(t.b)-t.at) {
		panic("too long")
	}
	return int(n)
}

// skip passes over a value.
func (t *thrift) skip(kind byte, depth int) {
	if t.left--; t.left < 0 || depth > maxThriftDepth {
		panic("too much")
	}
	switch kind {
	case thriftTrue, thriftFalse:
	case thriftByte:
		t.at++
	case thriftDouble:
		t.at += 8
	case thriftBinary:
		n := t.length(t.unsigned())
		t.at += n
	case thriftList, thriftSet:
		c := t.byte()
		n := uint64(c >> 4)
		if n == 15 {
			n = t.unsigned()
		}
		for range t.length(n) {
			t.element(c&15, depth)
		}
	case thriftMap:
		if n := t.length(t.unsigned()); n > 0 {
			c := t.byte()
			for range n {
				t.element(c>>4, depth)
				t.element(c&15, depth)
			}
		}
	case thriftStruct:
		t.fields(func(_ int64, kind byte) { t.skip(kind, depth+1) })
	default: // whole numbers
		t.unsigned()
	}
	if t.at > len(t.b) {
		panic("too short")
	}
}

// element passes over an element of a list. There, a truth value takes a byte.
func (t *thrift) element(kind byte, depth int) {
	if kind == thriftTrue || kind == thriftFalse {
		kind = thriftByte
	}
	t.skip(kind, depth+1)
}

// page reads a PageHeader.
func (t *thrift) page() (h page) {
	t.fields(func(id int64, kind byte) {
		switch to := map[int64]*int64{1: &h.kind, 2: &h.unpacked, 3: &h.packed}[id]; {
		case to != nil && kind > thriftByte && kind < thriftDouble:
			*to = t.signed()
		case kind == thriftStruct && (id == 5 || id == 7 || id == 8):
			t.fields(func(inner int64, kind byte) {
				isEncoding := inner == 2 && id != 8 || inner == 4 && id == 8
				switch {
				case inner == 1 && kind > thriftByte && kind < thriftDouble:
					h.values = t.signed()
				case isEncoding && kind > thriftByte && kind < thriftDouble:
					h.encoding = t.signed()
				default:
					t.skip(kind, 1)
				}
			})
		default:
			t.skip(kind, 1)
		}
	})
	return h
}
