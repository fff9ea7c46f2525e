package npy

import (
	"encoding/binary"
	"io"
	"math"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
)

// A Matrix is an .npy file of embeddings, E×n×d, or n×d for one epoch, read one epoch at a time: what it holds in
// memory is one epoch. Elements may be float16, float32 or float64 and are handed out as float32.
type Matrix struct {
	Epochs int // 1 for a file of two dimensions
	Rows   int
	Dim    int

	a    *Array
	next int
	raw  []byte
	held int64 // bytes of the ration
}

// OpenMatrix opens the embeddings at path and checks the header against the length of the file. The caller closes it.
func OpenMatrix(path string) (*Matrix, error) {
	a, err := open(path)
	if err != nil {
		return nil, err
	}
	m, err := MatrixOf(a)
	if err != nil {
		a.File.Close()
		return nil, err
	}
	return m, nil
}

// NewMatrix reads an .npy file of embeddings that is size bytes long from r, and checks its header against that length.
// Errors call it name. What is in front of it is read in pieces of 1 MiB.
func NewMatrix(name string, r io.Reader, size int64) (*Matrix, error) {
	a, err := New(name, r, size, limits.NewRation(size), nil)
	if err != nil {
		return nil, err
	}
	return MatrixOf(a)
}

func MatrixOf(a *Array) (*Matrix, error) {
	const want = "float32, float64 or float16 of shape n×d (one epoch) or E×n×d"
	if a.Dtype.Kind != 'f' {
		return nil, a.Unexpected(want)
	}
	switch s := a.Shape; len(s) {
	case 2:
		return &Matrix{Epochs: 1, Rows: s[0], Dim: s[1], a: a}, nil
	case 3:
		return &Matrix{Epochs: s[0], Rows: s[1], Dim: s[2], a: a}, nil
	}
	return nil, a.Unexpected(want)
}

// Next returns the n×d vectors of the next epoch, row-major, in a slice that the caller owns, or [io.EOF] after the
// last one. NaN and infinities pass; a float64 beyond float32 is an error, and so is an epoch beyond the ration of the file:
// see [limits.Budget].
func (m *Matrix) Next() ([]float32, error) {
	if m.next == m.Epochs {
		return nil, io.EOF
	}
	m.a.ration.Give(m.held)
	m.held = 4 * int64(m.Rows) * int64(m.Dim)
	if err := m.a.Take(m.held); err != nil {
		m.held = 0
		return nil, err
	}
	v := make([]float32, m.Rows*m.Dim)
	const chunk = 1 << 13 // elements converted at a time
	if m.raw == nil {
		m.raw = make([]byte, min(chunk, len(v))*m.a.Dtype.Size)
	}
	for done := 0; done < len(v); {
		part := v[done:min(done+chunk, len(v))]
		raw := m.raw[:len(part)*m.a.Dtype.Size]
		if err := m.a.read(raw); err != nil {
			return nil, err
		}
		if i := ToFloat32(part, raw); i >= 0 {
			i += done
			return nil, m.a.Errorf("the value at index %d of the file's epochs, row %d, column %d does not fit float32",
				m.next, i/m.Dim, i%m.Dim)
		}
		done += len(part)
	}
	m.next++
	if m.next == m.Epochs {
		return v, m.a.End()
	}
	return v, nil
}

// Close closes the file.
func (m *Matrix) Close() error { return m.a.File.Close() }

// ToFloat32 converts len(dst) little-endian floats of equal size, and returns the index of the first that overflows, or −1.
func ToFloat32(dst []float32, raw []byte) int {
	switch len(raw) / len(dst) {
	case 2:
		for i := range dst {
			dst[i] = cells.FromHalf(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	case 4:
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	case 8:
		for i := range dst {
			f := math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
			dst[i] = float32(f)
			if math.IsInf(float64(dst[i]), 0) && !math.IsInf(f, 0) {
				return i
			}
		}
	}
	return -1
}

// ArrayOf is the array that a matrix is read from.
func ArrayOf(m *Matrix) *Array { return m.a }
