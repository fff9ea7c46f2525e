// Package seal makes the sums by which a store can tell whether what it has found is what was asked for, and not only whether
// its bytes are whole: an index that is damaged leads to other rows, and those are whole.
//
// All sums are CRC-32C: they notice every damage of up to 32 bits in a row, and of others all but one in 2³².
package seal

import (
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
)

// None is the seal of what was stored by a version that had no seals.
const None = -1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is that of bytes.
func Checksum(data []byte) uint32 { return crc32.Checksum(data, castagnoli) }

// Texts continues a sum, which begins at 0, with n texts: their bytes, each with its length before it.
func Texts(sum uint32, n int, text func(i int) string) uint32 {
	var b fields // sums are faster of long pieces than of short ones
	for i := range n {
		if b.text(text(i)); len(b) >= 1<<16 {
			sum, b = crc32.Update(sum, castagnoli, b), b[:0]
		}
	}
	return crc32.Update(sum, castagnoli, b)
}

// A Sample is what a sample's seal covers. Label and metadata are as they are stored, empty where there is none.
type Sample struct {
	ID, Label, Metadata string
	Thumbnail           []byte
}

// Sum is the sample's seal.
func (s Sample) Sum() int64 {
	b := make(fields, 0, 128)
	b.text(s.ID)
	b.text(s.Label)
	b.text(s.Metadata)
	b.numbers(int64(Checksum(s.Thumbnail)))
	return b.sum()
}

// A Frame is what the seal of a frame covers: what it is, and what its parts are.
type Frame struct {
	Run, Layer       string // the run's id
	Epoch, Dim, Rows int
	DType            string
	IDs              uint32 // Texts of the ids of its samples, in order
	Parts            []Part
}

// A Part is some rows of a frame, whose vectors have a checksum of their own.
type Part struct {
	FirstRow, Rows int
	Checksum       uint32
}

// Sum is the frame's seal.
func (f Frame) Sum() int64 {
	b := make(fields, 0, 256)
	b.text(f.Run)
	b.text(f.Layer)
	b.text(f.DType)
	b.numbers(int64(f.Epoch), int64(f.Dim), int64(f.Rows), int64(f.IDs))
	for _, p := range f.Parts {
		b.numbers(int64(p.FirstRow), int64(p.Rows), int64(p.Checksum))
	}
	return b.sum()
}

// Points is what the seal of the points of a run at an epoch of a map covers: what they are, their extremes, and the block
// that they are in.
type Points struct {
	Projection, Run string // their ids
	Epoch, Dims     int
	Extremes        [6]float64 // low and high of each dimension; 0 beyond dims and where there are no points
	Bytes           int        // of the block
	Checksum        uint32     // of the block
}

// Sum is the points' seal.
func (p Points) Sum() int64 {
	b := make(fields, 0, 128)
	b.text(p.Projection)
	b.text(p.Run)
	b.numbers(int64(p.Epoch), int64(p.Dims), int64(p.Bytes), int64(p.Checksum))
	for _, v := range p.Extremes {
		b.numbers(int64(math.Float64bits(v)))
	}
	return b.sum()
}

// An Epoch is an epoch of a run that is on a map.
type Epoch struct {
	Run    string // its id
	Number int
	Rows   int
	Seal   int64 // of its points
}

// Epochs is the sum of a map's list of epochs, in any order: that none of them is lost.
func Epochs(list []Epoch) int64 {
	list = slices.SortedFunc(slices.Values(list), func(a, b Epoch) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Number, b.Number))
	})
	b := make(fields, 0, 64*len(list))
	for _, e := range list {
		b.text(e.Run)
		b.numbers(int64(e.Number), int64(e.Rows), e.Seal)
	}
	return b.sum()
}

// Fields are written one after the other, so that each can be told from the next.
type fields []byte

func (b *fields) numbers(list ...int64) {
	for _, n := range list {
		*b = binary.LittleEndian.AppendUint64(*b, uint64(n))
	}
}

func (b *fields) text(s string) {
	*b = binary.LittleEndian.AppendUint64(*b, uint64(len(s)))
	*b = append(*b, s...)
}

func (b fields) sum() int64 { return int64(Checksum(b)) }
