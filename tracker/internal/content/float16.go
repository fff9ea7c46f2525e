package content

import (
	"encoding/binary"
	"math"
)

// maxFloat16 is the largest number of IEEE 754 binary16; overflow16 is the bits of the smallest float32 that rounds beyond it.
const (
	maxFloat16 = 65504
	overflow16 = 0x477ff000 // 65520
)

// toFloat16 rounds to the nearest binary16, ties to even. The magnitude must be less than 65520.
func toFloat16(v float32) uint16 {
	const half = 0x3f000000 // 0.5, whose last bit is worth as much as binary16's smallest number
	b := math.Float32bits(v)
	sign := uint16(b >> 16 & 0x8000)
	b &= 1<<31 - 1
	if b < 0x38800000 { // less than 2⁻¹⁴: subnormal, rounded by an addition
		return sign | uint16(math.Float32bits(math.Float32frombits(b)+math.Float32frombits(half))-half)
	}
	b -= 112 << 23             // exponent 127 to 15
	b += 0xfff + (b >> 13 & 1) // half of the last bit, less if that is even
	return sign | uint16(b>>13)
}

// fromFloat16 is exact. An infinity or a NaN is none that was stored.
func fromFloat16(h uint16) float32 {
	const tiny = 113 << 23 // 2⁻¹⁴
	b := uint32(h&0x7fff) << 13
	switch exponent := b & (0x7c00 << 13); exponent {
	case 0:
		b = math.Float32bits(math.Float32frombits(b+tiny) - math.Float32frombits(tiny))
	case 0x7c00 << 13:
		b += 224 << 23
	default:
		b += 112 << 23
	}
	return math.Float32frombits(b | uint32(h&0x8000)<<16)
}

// appendFloat16 appends a row as binary16, little-endian, and returns the sum of the squares of what was stored.
func appendFloat16(dst []byte, row []float32) ([]byte, float64) {
	var sum float64
	for _, v := range row {
		h := toFloat16(v)
		dst = binary.LittleEndian.AppendUint16(dst, h)
		stored := float64(fromFloat16(h))
		sum += stored * stored
	}
	return dst, sum
}

// firstBeyond16 returns the first column that float16 cannot hold, or -1.
func firstBeyond16(row []float32) int {
	for i, v := range row {
		if math.Float32bits(v)&(1<<31-1) >= overflow16 {
			return i
		}
	}
	return -1
}
