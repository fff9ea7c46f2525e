package projector

import (
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

// firstPlaces starts every row where its sample first appears, on the principal plane of its run's earliest epoch that
// spans one: the epochs begin as one picture and part only as far as they differ, and that picture is the one in which
// nothing has formed yet.
func firstPlaces(src *source, o Options) []float32 {
	x := euclideanRows(src.x, src.dim, o.Metric)
	dims := o.Dims
	y := make([]float32, src.rows()*dims)
	planes := make([]*plane, len(src.runs))
	for _, f := range src.frames {
		if planes[f.run] == nil || planes[f.run].rank < dims {
			p := principalPlane(x[f.first*src.dim:(f.first+len(f.samples))*src.dim], src.dim, dims)
			if planes[f.run] == nil || p.rank == dims {
				planes[f.run] = &p
			}
		}
	}
	var largest float32
	for key, rows := range src.appearances() {
		first := int(rows[0])
		at := planes[key.run].place(x[first*src.dim : (first+1)*src.dim])
		for _, row := range rows {
			copy(y[int(row)*dims:], at)
		}
		for _, v := range at {
			largest = max(largest, v, -v)
		}
	}
	if largest == 0 {
		largest = 1
	}
	for i := range y {
		y[i] = 10*y[i]/largest + float32(2e-4*(unitHash(o.Seed, uint64(i))-0.5)) // equal rows must not move as one
	}
	return y
}

// startFresh puts each fresh row where its sample was last, or will be next; a row whose sample is not on the map, among
// its neighbours; and one that has none there, in the middle.
func startFresh(src *source, y []float32, fresh []bool, g *umap.Graph, o Options) {
	dims := o.Dims
	at := func(row int32) []float32 { return y[int(row)*dims : (int(row)+1)*dims] }
	known := make([]bool, len(fresh))
	for _, rows := range src.appearances() {
		last := int32(-1)
		follow := func(row int32) {
			if !fresh[row] {
				last = row
			} else if last >= 0 && !known[row] {
				copy(at(row), at(last))
				known[row] = true
			}
		}
		for _, row := range rows {
			follow(row)
		}
		for _, row := range slices.Backward(rows) {
			follow(row)
		}
	}
	for i, is := range fresh {
		if !is || known[i] {
			continue
		}
		p := at(int32(i))
		clear(p)
		var sum float32
		for e := g.Start[i]; e < g.Start[i+1]; e++ {
			if j := g.Col[e]; !fresh[j] {
				for d, v := range at(j) {
					p[d] += g.Weight[e] * v
				}
				sum += g.Weight[e]
			}
		}
		for d := range p {
			p[d] /= max(sum, 1e-9)
		}
	}
	for i := range y {
		if fresh[i/dims] {
			y[i] += float32(2e-4 * (unitHash(o.Seed, uint64(i)) - 0.5)) // equal rows must not move as one
		}
	}
}

// unitHash returns a number from 0 to 1 that depends on nothing but its arguments (Steele, Lea and Flood, SplitMix, 2014).
func unitHash(seed, i uint64) float64 {
	z := seed*0xd1342543de82ef95 + (i+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}
