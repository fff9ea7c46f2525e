package umap

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A preparation is written as, all numbers little-endian:
//
//	byte       preparationVersion
//	byte       1 standardize + 2 unit + 4 pca
//	uint32     columns of rows, columns of prepared rows
//	float64    shift, rate (in, in), mean, axes (in, out×in), where it has them
const preparationVersion = 1

// MarshalBinary writes p for [Preparation.UnmarshalBinary].
func (p *Preparation) MarshalBinary() ([]byte, error) {
	flags := byte(0)
	for i, is := range []bool{p.rate != nil, p.unit, p.axes != nil} {
		if is {
			flags |= 1 << i
		}
	}
	b := []byte{preparationVersion, flags}
	b = binary.LittleEndian.AppendUint32(b, uint32(p.in))
	b = binary.LittleEndian.AppendUint32(b, uint32(p.out))
	for _, list := range [][]float64{p.shift, p.rate, p.mean, p.axes} {
		for _, v := range list {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return b, nil
}

// UnmarshalBinary reads what [Preparation.MarshalBinary] wrote.
func (p *Preparation) UnmarshalBinary(b []byte) error {
	const head = 10
	if len(b) < head || b[0] != preparationVersion || b[1] > 7 {
		return fmt.Errorf("%w: this is no preparation of version %d", ErrModel, preparationVersion)
	}
	in, out := int(binary.LittleEndian.Uint32(b[2:])), int(binary.LittleEndian.Uint32(b[6:]))
	standardize, unit, pca := b[1]&1 > 0, b[1]&2 > 0, b[1]&4 > 0
	const most = math.MaxInt32 / 64 // columns
	if in < 1 || out < 1 || in > most || out > in || !pca && out != in || standardize && unit {
		return fmt.Errorf("%w: a preparation from %d to %d columns", ErrModel, in, out)
	}
	var sizes [4]int
	if standardize {
		sizes[0], sizes[1] = in, in
	}
	if pca {
		sizes[2], sizes[3] = in, in*out
	}
	b = b[head:]
	if total := sizes[0] + sizes[1] + sizes[2] + sizes[3]; len(b)%8 != 0 || len(b)/8 != total {
		return fmt.Errorf("%w: %d bytes of a preparation from %d to %d columns, want %d", ErrModel, len(b), in, out, 8*total)
	}
	q := Preparation{in: in, out: out, unit: unit}
	for i, list := range []*[]float64{&q.shift, &q.rate, &q.mean, &q.axes} {
		for range sizes[i] {
			v := float64At(b)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("%w: a preparation has the value %v", ErrModel, v)
			}
			*list, b = append(*list, v), b[8:]
		}
	}
	*p = q
	return nil
}
