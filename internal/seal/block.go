package seal

import (
	"encoding/binary"
	"math"
)

// A Block is the points of a run at an epoch of a map as one value.
type Block struct {
	Extremes [6]float64 // low and high of each dimension; 0 beyond dims and where there are no points
	Data     []byte     // rows×dims float32, little-endian, in the order of the run's samples; NaN where there is no point; ends with one
}

// NewBlock encodes points, rows×dims, row-major, NaN where there is none.
func NewBlock(y []float32, dims int) Block {
	for len(y) >= dims && y[len(y)-dims] != y[len(y)-dims] {
		y = y[:len(y)-dims]
	}
	b, first := Block{Data: make([]byte, 0, 4*len(y))}, true
	for i, v := range y {
		b.Data = binary.LittleEndian.AppendUint32(b.Data, math.Float32bits(v))
		if v != v {
			continue
		}
		low, high, f := &b.Extremes[2*(i%dims)], &b.Extremes[2*(i%dims)+1], float64(v)
		if first {
			*low, *high = f, f
			first = i%dims < dims-1
		}
		*low, *high = min(*low, f), max(*high, f)
	}
	return b
}

// Decode fills y with the block's points, and NaN beyond its end.
func Decode(y []float32, data []byte) {
	for i := range y {
		if y[i] = float32(math.NaN()); i < len(data)/4 {
			y[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
	}
}
