package rawsqlite

import (
	"encoding/binary"
	"fmt"
)

// The kinds of pages that make up the trees in which tables and indexes are kept.
const (
	indexInterior = 2
	tableInterior = 5
	indexLeaf     = 10
	tableLeaf     = 13
)

// A node is a page of a tree, taken apart as far as it makes sense.
type node struct {
	kind     byte
	children []uint32
	cells    []cell
	bad      int // cells that make no sense
}

// A cell holds a row, or as much of it as lies on the page.
type cell struct {
	rowid    int64
	length   int // of the whole payload
	local    []byte
	overflow uint32 // the page on which it goes on; 0: none
}

// parse takes page n apart. It reports an error if the page is no node of a tree.
func (f *File) parse(n uint32, b []byte) (*node, error) {
	at := 0
	if n == 1 {
		at = 100
	}
	x := &node{kind: b[at]}
	pointers := at + 8
	switch x.kind {
	case indexLeaf, tableLeaf:
	case indexInterior, tableInterior:
		pointers += 4
		x.children = append(x.children, binary.BigEndian.Uint32(b[at+8:]))
	default:
		return nil, fmt.Errorf("page %d is of no known kind: %d", n, x.kind)
	}
	count := int(binary.BigEndian.Uint16(b[at+3:]))
	if pointers+2*count > f.usable {
		return nil, fmt.Errorf("page %d claims to have %d rows", n, count)
	}
	for i := range count {
		start := int(binary.BigEndian.Uint16(b[pointers+2*i:]))
		if start < pointers+2*count || start+4 > f.usable {
			x.bad++
			continue
		}
		c := b[start:f.usable]
		if x.kind == indexInterior || x.kind == tableInterior {
			x.children = append(x.children, binary.BigEndian.Uint32(c))
			c = c[4:]
		}
		if x.kind == tableInterior {
			continue
		}
		if row, ok := f.cell(c, x.kind == tableLeaf); ok {
			x.cells = append(x.cells, row)
		} else {
			x.bad++
		}
	}
	return x, nil
}

func (f *File) cell(c []byte, table bool) (row cell, ok bool) {
	length, n := uvarint(c)
	c = c[n:]
	if n == 0 || length > uint64(f.pages)*uint64(f.pageSize) {
		return row, false
	}
	row.length = int(length)
	most := (f.usable-12)*64/255 - 23
	if table {
		id, n := uvarint(c)
		if n == 0 {
			return row, false
		}
		c = c[n:]
		row.rowid = int64(id)
		most = f.usable - 35
	}
	local := row.length
	if local > most {
		least := (f.usable-12)*32/255 - 23
		if local = least + (row.length-least)%(f.usable-4); local > most {
			local = least
		}
		if local+4 > len(c) {
			return row, false
		}
		row.overflow = binary.BigEndian.Uint32(c[local:])
	}
	if local > len(c) {
		return row, false
	}
	row.local = c[:local]
	return row, true
}

// payload returns all of a cell, from the pages on which it goes on too.
func (f *File) payload(c cell) ([]byte, error) {
	if c.overflow == 0 && len(c.local) == c.length {
		return c.local, nil
	}
	b := append(make([]byte, 0, c.length), c.local...)
	for next := c.overflow; len(b) < c.length; {
		page, err := f.page(next)
		if err != nil {
			return nil, fmt.Errorf("a row goes on nowhere: %w", err)
		}
		next = binary.BigEndian.Uint32(page)
		b = append(b, page[4:min(f.usable, 4+c.length-len(b))]...)
	}
	return b, nil
}

// uvarint reads a variable-length integer, up to 9 bytes, the high ones first; n is 0 if b is too short.
func uvarint(b []byte) (v uint64, n int) {
	for n < len(b) && n < 8 {
		v = v<<7 | uint64(b[n]&0x7f)
		n++
		if b[n-1] < 0x80 {
			return v, n
		}
	}
	if n < len(b) {
		return v<<8 | uint64(b[n]), n + 1
	}
	return 0, 0
}
