// Package content encodes what the rows of a store hold, vectors and samples, with the checksums and hashes that tell
// whether it is still what was logged.
package content

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"unsafe"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
)

// ChunkBytes is the most that a chunk's data takes.
const ChunkBytes = 1 << 20

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// A Chunk is some whole rows of a frame, encoded.
type Chunk struct {
	FirstRow int
	Rows     int
	Checksum uint32
	Norms    string // JSON array
	Data     []byte // float32: aliases the vectors where the machine is little-endian
}

// A DType is how a frame's numbers are stored.
type DType string

const (
	Float32s DType = "float32"
	Float16s DType = "float16"
)

// Size is the number's length in bytes.
func (t DType) Size() int {
	if t == Float16s {
		return 2
	}
	return 4
}

// Aliases reports whether chunks of this type are the memory of the vectors that they were made of, not a copy.
func (t DType) Aliases() bool { return t == Float32s && littleEndian }

// EncodeChunks cuts vectors (n×dim, row-major) into chunks. What CheckRow refuses is a [RowError].
func EncodeChunks(vectors []float32, dim int, as DType) ([]Chunk, error) {
	n, per := len(vectors)/dim, ChunkBytes/(as.Size()*dim)
	chunks := make([]Chunk, 0, (n+per-1)/per)
	var norms []byte
	for first := 0; first < n; first += per {
		rows := min(per, n-first)
		part := vectors[first*dim : (first+rows)*dim]
		var data []byte
		if as == Float16s {
			data = make([]byte, 0, 2*len(part))
		} else {
			data = FloatBytes(part)
		}
		norms = append(norms[:0], '[')
		for i := range rows {
			row := part[i*dim : (i+1)*dim]
			sum, err := CheckRow(row, as)
			if err != nil {
				return nil, &RowError{first + i, err}
			}
			if as == Float16s {
				data, sum = appendFloat16(data, row)
			}
			norms = strconv.AppendFloat(norms, math.Sqrt(sum), 'g', 9, 64)
			norms = append(norms, ',')
		}
		norms[len(norms)-1] = ']'
		chunks = append(chunks, Chunk{first, rows, seal.Checksum(data), string(norms), data})
	}
	return chunks, nil
}

// A RowError says what is wrong with a row.
type RowError struct {
	Row int
	Err error
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d has %v", e.Row, e.Err) }
func (e *RowError) Unwrap() error { return e.Err }

// CheckRow returns the sum of the row's squares. It refuses a NaN, an Inf, and what float16 cannot hold.
func CheckRow(row []float32, as DType) (float64, error) {
	sum := SumSquares(row)
	if math.IsNaN(sum) || math.IsInf(sum, 0) { // a float64 holds the sum of any finite row
		column, v := firstNotFinite(row)
		return 0, fmt.Errorf("%v at column %d", v, column)
	}
	if as == Float16s {
		if column := firstBeyond16(row); column >= 0 {
			return 0, fmt.Errorf("%v at column %d, and float16 ends at %d: scale the vectors, or log without Float16", row[column], column, maxFloat16)
		}
	}
	return sum, nil
}

// DecodeChunk checks data, which must be rows×dim numbers with this checksum, and copies it to dst.
func DecodeChunk(dst []float32, data []byte, dim int, as DType, checksum uint32) error {
	if len(data) != as.Size()*len(dst) {
		return fmt.Errorf("%d bytes, want %d rows × %d × %d", len(data), len(dst)/max(dim, 1), dim, as.Size())
	}
	if sum := seal.Checksum(data); sum != checksum {
		return fmt.Errorf("checksum %08x, want %08x", sum, checksum)
	}
	if as == Float16s {
		for i := range dst {
			dst[i] = fromFloat16(binary.LittleEndian.Uint16(data[2*i:]))
		}
		return nil
	}
	if littleEndian && len(dst) > 0 {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&dst[0])), len(data)), data)
		return nil
	}
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return nil
}

// SumSquares returns Σ v², in four sums so that the processor need not wait for each addition.
func SumSquares(v []float32) float64 {
	var a, b, c, d float64
	for ; len(v) >= 4; v = v[4:] {
		w, x, y, z := float64(v[0]), float64(v[1]), float64(v[2]), float64(v[3])
		a, b, c, d = a+w*w, b+x*x, c+y*y, d+z*z
	}
	for _, x := range v {
		a += float64(x) * float64(x)
	}
	return a + b + c + d
}

func firstNotFinite(v []float32) (column int, value float32) {
	for i, x := range v {
		if x-x != 0 {
			return i, x
		}
	}
	return 0, 0
}

// FloatBytes returns v as little-endian bytes, without a copy where the machine has them so in memory.
func FloatBytes(v []float32) []byte {
	if littleEndian {
		return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), 4*len(v))
	}
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}
