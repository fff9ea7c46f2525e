package umap

import "math"

// The layout descends UMAP's cross entropy. With d the distance of two points
// on the map, the gradient of an edge and of a negative sample is their
// difference times
//
//	attraction = -2ab·d^(2b-2) / (1 + a·d^2b)
//	repulsion  = 2γb / ((0.001 + d²)(1 + a·d^2b))
//
// or times what makes it 4 long, if that is less: one interaction must not
// throw a point off the map. (umap-learn bounds each coordinate by 4, which
// favours the diagonals.)
//
// The coefficients are tabulated over u = d² + 2⁻¹⁶, as straight pieces between
// points 1/64 of a power of two apart, found by the leading bits of the float:
// an error below 1e-4 at a fraction of pow's time.
const (
	least   = 1.0 / 65536
	octaves = 32 // u < 2¹⁶; beyond, a coefficient stays as at the end
	pieces  = octaves * 64
	lowest  = (127 - octaves/2) << 6
)

type piece struct{ at0, slope float32 }

type table [pieces]piece

// newTable tabulates times·f, f bounded as said.
func newTable(times float64, f func(d2 float64) float64) *table {
	bounded := func(d2 float64) float64 {
		limit := 4 / math.Sqrt(d2)
		return times * max(-limit, min(f(d2), limit))
	}
	t := new(table)
	for i := range t {
		u0 := float64(math.Float32frombits(uint32(i+lowest) << 17))
		u1 := float64(math.Float32frombits(uint32(i+1+lowest) << 17))
		if i == 0 || i == pieces-1 {
			t[i] = piece{float32(bounded(u1 - least)), 0}
			continue
		}
		f0, f1 := bounded(u0-least), bounded(u1-least)
		slope := (f1 - f0) / (u1 - u0)
		t[i] = piece{float32(f0 - slope*u0), float32(slope)}
	}
	return t
}

// An edge between i and j is in the graph in both directions, and each
// direction pulls at both its ends. The layout gathers for each point what
// concerns it, so there a due edge pulls twice.
const bothWays = 2

func attraction(a, b float64) *table {
	return newTable(bothWays, func(d2 float64) float64 {
		return -2 * a * b * math.Pow(d2, b-1) / (1 + a*math.Pow(d2, b))
	})
}

func repulsion(a, b, strength float64) *table {
	return newTable(1, func(d2 float64) float64 {
		return 2 * strength * b / ((0.001 + d2) * (1 + a*math.Pow(d2, b)))
	})
}

func (t *table) at(d2 float32) float32 {
	u := d2 + least
	i := min(int32(math.Float32bits(u)>>17)-lowest, pieces-1)
	p := &t[i&(pieces-1)]
	return p.at0 + float32(p.slope*u)
}
