package umap

import "math"

// The layout descends UMAP's cross entropy. With d² the squared distance of
// two points on the map, their difference times attraction(d²) or
// repulsion(d²) is the gradient of an edge and of a negative sample:
//
//	attraction = -2ab·d^(2b-2) / (1 + a·d^2b)
//	repulsion  = 2γb / ((0.001 + d²)(1 + a·d^2b))
//
// Both are tabulated as straight pieces between points that are 1/64 of a
// power of two apart, found by the leading bits of the float: an error below
// 1e-4 at a fraction of pow's time.
const (
	octaves = 32 // 2⁻¹⁶ ≤ d² < 2¹⁶; beyond, the coefficient stays as at the end
	pieces  = octaves * 64
	lowest  = (127 - octaves/2) << 6
)

type piece struct{ at0, slope float32 }

type table [pieces]piece

func newTable(f func(d2 float64) float64) *table {
	t := new(table)
	for i := range t {
		x0 := float64(math.Float32frombits(uint32(i+lowest) << 17))
		x1 := float64(math.Float32frombits(uint32(i+1+lowest) << 17))
		if i == 0 || i == pieces-1 {
			t[i] = piece{float32(f(x0)), 0}
			continue
		}
		slope := (f(x1) - f(x0)) / (x1 - x0)
		t[i] = piece{float32(f(x0) - slope*x0), float32(slope)}
	}
	return t
}

func attraction(a, b float64) *table {
	return newTable(func(d2 float64) float64 {
		return -2 * a * b * math.Pow(d2, b-1) / (1 + a*math.Pow(d2, b))
	})
}

func repulsion(a, b, strength float64) *table {
	return newTable(func(d2 float64) float64 {
		return 2 * strength * b / ((0.001 + d2) * (1 + a*math.Pow(d2, b)))
	})
}

func (t *table) at(d2 float32) float32 {
	i := int32(math.Float32bits(d2)>>17) - lowest
	i &^= i >> 31 // below the table: its first piece
	i = min(i, pieces-1)
	p := &t[i&(pieces-1)]
	return p.at0 + float32(p.slope*d2)
}

// clip keeps one interaction's gradient within ±4, as umap-learn does.
func clip(v float32) float32 {
	if v > 4 {
		return 4
	}
	if v < -4 {
		return -4
	}
	return v
}
