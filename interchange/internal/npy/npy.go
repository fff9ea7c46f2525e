// Package npy reads NumPy's arrays: vectors, pictures, labels and metadata.
package npy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"codeberg.org/sbinet/npyio/npy"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/regular"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/texts"
)

// maxHeader bounds the header of an .npy file, in bytes. NumPy itself refuses more than 10,000 unless asked.
const maxHeader = 1 << 16

// ReadAhead is how many bytes of an array are read at a time. An archive may have thousands of arrays open.
const ReadAhead = 1 << 17

// An Array is an .npy file, opened, its header read and its data next in r.
type Array struct {
	Name  string // how errors call it: the path
	Dtype Dtype
	swap  int   // bytes of each unit that is stored with the most significant byte first; 0: none is
	Shape []int // no dimension is 0, and their product times the size of an element fits the file exactly
	r     *bufio.Reader
	File  io.Closer

	Encoding texts.Encoding // of strings of bytes that are not UTF-8
	ration   *ration.Ration
}

// reopen opens the file that an array is read from at its start, as often as it must be read.
type reopen func() (io.ReadCloser, error)

// open opens the .npy file at path.
func open(path string) (*Array, error) {
	f, size, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	a, err := New(path, f, size, limits.NewRation(size), func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(f, 0, size)), nil })
	if err != nil {
		f.Close()
		return nil, err
	}
	a.File = f
	return a, nil
}

// New reads the header of an .npy file of size bytes from r, and holds it against the size. What is made of it is of
// the ration. again may be nil, for what can be read once only.
func New(name string, r io.Reader, size int64, ration *ration.Ration, again reopen) (*Array, error) {
	a := &Array{Name: name, r: bufio.NewReaderSize(r, int(max(1<<12, min(size, ReadAhead)))), File: io.NopCloser(nil), ration: ration}
	head, err := a.preamble(size)
	if err != nil {
		return nil, err
	}
	h, err := parse(head)
	if err != nil {
		return nil, a.Errorf("the header is not one that NumPy writes (%v)", err)
	}
	if a.Dtype, a.swap, err = parseDtype(h.Descr.Type); err != nil {
		return nil, a.Errorf("%v", err)
	}
	a.Shape = h.Descr.Shape
	want, ok := ByteCount(a.Shape, a.Dtype.Size)
	if !ok {
		return nil, a.Errorf("the header claims the shape %s, which no file can hold", Dims(a.Shape))
	}
	if have := size - int64(len(head)); have != want {
		what := "is truncated"
		if have > want {
			what = "has trailing bytes"
		}
		return nil, a.Errorf("the file %s: %s of shape %s takes %d bytes after the header, and there are %d",
			what, a.Dtype, Dims(a.Shape), want, have)
	}
	if want == 0 {
		return nil, a.Errorf("the array is empty: its shape is %s", Dims(a.Shape))
	}
	if h.Descr.Fortran {
		if err := a.transpose(want, int64(len(head)), again); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// preamble reads the magic number, the version and the header, whose length it checks before it allocates anything.
func (a *Array) preamble(size int64) ([]byte, error) {
	var fixed [12]byte // magic (6), major, minor, length (2 bytes in version 1, 4 in version 2)
	if _, err := io.ReadFull(a.r, fixed[:8]); err != nil || !bytes.Equal(fixed[:6], npy.Magic[:]) {
		return nil, a.Errorf("this is not an .npy file: it does not begin with \\x93NUMPY")
	}
	n, length := 0, int64(0)
	switch fixed[6] {
	case 1:
		n = 10
	case 2, 3: // which differ in the encoding of names of fields, and plain arrays have none
		n = 12
	default:
		return nil, a.Errorf("version %d.%d of the .npy format is not read: want 1.0, 2.0 or 3.0, as NumPy writes them", fixed[6], fixed[7])
	}
	if _, err := io.ReadFull(a.r, fixed[8:n]); err != nil {
		return nil, a.Errorf("the file is truncated in its header")
	}
	length = int64(binary.LittleEndian.Uint32(fixed[8:12]))
	if length > maxHeader {
		return nil, a.Errorf("the header claims a length of %d bytes: want at most %d", length, maxHeader)
	}
	if length > size-int64(n) {
		return nil, a.Errorf("the file is truncated in its header")
	}
	head := append(make([]byte, 0, n+int(length)), fixed[:n]...)
	head = head[:n+int(length)]
	if _, err := io.ReadFull(a.r, head[n:]); err != nil {
		return nil, a.Errorf("the file is truncated in its header")
	}
	if head[6] == 3 {
		head[6] = 2 // npyio knows no other
	}
	return head, nil
}

// parse has npyio take a complete header apart. It indexes into the text without looking, hence the recover.
func parse(head []byte) (h npy.Header, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	r, err := npy.NewReader(bytes.NewReader(head))
	if err != nil {
		return h, err
	}
	return r.Header, nil
}

// ByteCount is the product of a shape's dimensions and the size of an element; not ok when it is negative or overflows.
func ByteCount(shape []int, size int) (n int64, ok bool) {
	empty := false
	product := uint64(size)
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if d == 0 {
			empty = true
			continue
		}
		hi, lo := bits.Mul64(product, uint64(d))
		if hi != 0 || lo > 1<<62 {
			return 0, false
		}
		product = lo
	}
	if empty {
		return 0, true
	}
	return int64(product), true
}

// Dims writes a shape as n×d.
func Dims(shape []int) string {
	if len(shape) == 0 {
		return "() (a single number)"
	}
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = strconv.Itoa(d)
	}
	return strings.Join(parts, "×")
}

// read fills buf with the next elements of the data, little-endian, in C order.
func (a *Array) read(buf []byte) error {
	if _, err := io.ReadFull(a.r, buf); err != nil {
		return a.Errorf("the data could not be read: %v", err)
	}
	if a.swap > 0 {
		for unit := range slices.Chunk(buf, a.swap) {
			slices.Reverse(unit)
		}
	}
	return nil
}

// Each calls f with each of the next n elements; a nil array has none.
func (a *Array) Each(n int, f func(i int, raw []byte) error) error {
	if a == nil {
		return nil
	}
	raw := make([]byte, a.Dtype.Size)
	for i := range n {
		if err := a.read(raw); err != nil {
			return err
		}
		if err := f(i, raw); err != nil {
			return err
		}
	}
	return nil
}

// End is called when all data have been read: in an archive, it is where a wrong checksum shows.
func (a *Array) End() error {
	if _, err := a.r.ReadByte(); err != nil && err != io.EOF {
		return a.Errorf("the data are damaged: %v", err)
	}
	return nil
}

// Unexpected is the error of an array that is not what the caller can use.
func (a *Array) Unexpected(want string) error {
	return a.Errorf("want %s; this is %s of shape %s", want, a.Dtype, Dims(a.Shape))
}

func (a *Array) Errorf(format string, args ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{a.Name}, args...)...)
}

// Take takes n bytes of the ration.
func (a *Array) Take(n int64) error {
	if err := a.ration.Take(n); err != nil {
		return a.Errorf("%w", err)
	}
	return nil
}
