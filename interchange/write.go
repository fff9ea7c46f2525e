package interchange

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"

	"codeberg.org/sbinet/npyio/npy"
)

// A Number is what [Write] can write.
type Number interface {
	float32 | float64 | uint8 | int64
}

// Write writes v as an .npy file of the given shape, row-major. Missing numbers are NaN. It panics when the shape does
// not fit the slice.
//
// npyio's own writer takes nested slices only and puts the data off NumPy's 64-byte alignment; hence not used.
func Write[T Number](w io.Writer, v []T, shape ...int) error {
	n := 1
	for _, d := range shape {
		n *= d
	}
	if n != len(v) {
		panic(fmt.Sprintf("interchange: Write of %d numbers as %v", len(v), shape))
	}
	b := bufio.NewWriterSize(w, 1<<16)
	writeHead(b, descr[T](), shape)
	const chunk = 1 << 13 // numbers converted at a time
	for len(v) > 0 {
		part := v[:min(chunk, len(v))]
		if err := binary.Write(b, binary.LittleEndian, part); err != nil {
			return err
		}
		v = v[len(part):]
	}
	return b.Flush() // errors are kept until here
}

// writeHead writes what stands before the data of an .npy file. An error is kept by the buffer.
func writeHead(b *bufio.Writer, descr string, shape []int) {
	dims := ""
	for _, d := range shape {
		dims += strconv.Itoa(d) + ", "
	}
	if len(shape) > 1 {
		dims = strings.TrimSuffix(dims, ", ")
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, dims)
	const fixed = 10 // bytes before the text; text, padding and newline end on a multiple of 64
	head += strings.Repeat(" ", 63-(fixed+len(head))%64) + "\n"
	b.Write(npy.Magic[:])
	b.Write([]byte{1, 0})
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(head))))
	b.WriteString(head)
}

// descr is NumPy's name of a type.
func descr[T Number]() string {
	switch any(T(0)).(type) {
	case float32:
		return "<f4"
	case float64:
		return "<f8"
	case int64:
		return "<i8"
	}
	return "|u1"
}
