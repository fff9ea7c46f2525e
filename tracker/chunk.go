package tracker

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"strconv"
	"unsafe"
)

// chunkBytes is the most that a chunk's data takes.
const chunkBytes = 1 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// A chunk is some whole rows of a frame, encoded.
type chunk struct {
	firstRow int
	rows     int
	checksum uint32
	norms    string // JSON array
	data     []byte // float32: aliases the vectors where the machine is little-endian
}

// A dtype is how a frame's numbers are stored.
type dtype string

const (
	float32s dtype = "float32"
	float16s dtype = "float16"
)

// size is the number's length in bytes.
func (t dtype) size() int {
	if t == float16s {
		return 2
	}
	return 4
}

// encodeChunks cuts vectors (n×dim, row-major) into chunks. It refuses what checkRow does; name tells which sample a row is.
func encodeChunks(vectors []float32, dim int, as dtype, name func(row int) string) ([]chunk, error) {
	n, per := len(vectors)/dim, chunkBytes/(as.size()*dim)
	chunks := make([]chunk, 0, (n+per-1)/per)
	var norms []byte
	for first := 0; first < n; first += per {
		rows := min(per, n-first)
		part := vectors[first*dim : (first+rows)*dim]
		var data []byte
		if as == float16s {
			data = make([]byte, 0, 2*len(part))
		} else {
			data = floatBytes(part)
		}
		norms = append(norms[:0], '[')
		for i := range rows {
			row := part[i*dim : (i+1)*dim]
			sum, err := checkRow(row, as)
			if err != nil {
				id := name(first + i)
				return nil, refuseValue("vector", first+i, id, "sample %q has %v", id, err)
			}
			if as == float16s {
				data, sum = appendFloat16(data, row)
			}
			norms = strconv.AppendFloat(norms, math.Sqrt(sum), 'g', 9, 64)
			norms = append(norms, ',')
		}
		norms[len(norms)-1] = ']'
		chunks = append(chunks, chunk{first, rows, crc32.Checksum(data, castagnoli), string(norms), data})
	}
	return chunks, nil
}

// checkRow returns the sum of the row's squares. It refuses a NaN, an Inf, and what float16 cannot hold.
func checkRow(row []float32, as dtype) (float64, error) {
	sum := sumSquares(row)
	if math.IsNaN(sum) || math.IsInf(sum, 0) { // a float64 holds the sum of any finite row
		column, v := firstNotFinite(row)
		return 0, fmt.Errorf("%v at column %d", v, column)
	}
	if as == float16s {
		if column := firstBeyond16(row); column >= 0 {
			return 0, fmt.Errorf("%v at column %d, and float16 ends at %d: scale the vectors, or log without Float16", row[column], column, maxFloat16)
		}
	}
	return sum, nil
}

// decodeChunk checks data, which must be rows×dim numbers with this checksum, and copies it to dst.
func decodeChunk(dst []float32, data []byte, dim int, as dtype, checksum uint32) error {
	if len(data) != as.size()*len(dst) {
		return fmt.Errorf("%d bytes, want %d rows × %d × %d", len(data), len(dst)/max(dim, 1), dim, as.size())
	}
	if sum := crc32.Checksum(data, castagnoli); sum != checksum {
		return fmt.Errorf("checksum %08x, want %08x", sum, checksum)
	}
	if as == float16s {
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

// sumSquares returns Σ v², in four sums so that the processor need not wait for each addition.
func sumSquares(v []float32) float64 {
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

// floatBytes returns v as little-endian bytes, without a copy where the machine has them so in memory.
func floatBytes(v []float32) []byte {
	if littleEndian {
		return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), 4*len(v))
	}
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}
