package paced

import (
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
)

// pairs of rows of one epoch tell how long on the map is what has length 1 in the layer.
type pairs struct {
	a, b   []int32
	length float64 // Σ|X[t,a] − X[t,b]|, in units of the film
	alone  float64 // c where no epoch has two rows; else 0
}

// pairCount spreads over the epochs; a scale from so many is off by less than a percent.
const pairCount = 4096

func newPairs(f *Film) (p pairs) {
	for k := range pairCount {
		rows := f.frames[k*len(f.frames)/pairCount]
		pick := func(draw int) int32 { return rows[int(random.Indexed(f.o.Seed, uint64(draw))*float64(len(rows)))] }
		p.a, p.b = append(p.a, pick(2*k)), append(p.b, pick(2*k+1))
	}
	p.length = f.lengthOf(p)
	return p
}

// farthest is how far from the middle a path may lead, in distances between the points of a picture. A training stays well
// within it. One that diverges would put its other epochs into a corner of the map.
const farthest = 20

// bound sees to it that the path stays on the map, or fills it where each epoch is of a single point.
func (p *pairs) bound(path []float64, o Options) {
	extent := 0.0
	for t := 0; t < len(path); t += o.Dims {
		square := 0.0
		for _, g := range path[t : t+o.Dims] {
			square += g * g
		}
		extent = max(extent, math.Sqrt(square))
	}
	if slices.Equal(p.a, p.b) && extent > 0 {
		p.alone = o.Travel * farthest / extent
	}
	p.length = max(p.length, o.Travel*float64(len(p.a))*extent/farthest)
}

// scale returns c, from the pictures y.
func (f *Film) scale(y []float32) float64 {
	if f.pairs.alone > 0 || f.pairs.length == 0 {
		return f.pairs.alone
	}
	return f.o.Travel * f.pairs.on(y, f.o.Dims) / f.pairs.length
}

// lengthOf is Σ|X[t,a] − X[t,b]|.
func (f *Film) lengthOf(p pairs) (sum float64) {
	a, b := make([]float64, f.dim), make([]float64, f.dim)
	for k := range p.a {
		f.wide(a, p.a[k])
		f.wide(b, p.b[k])
		sum += f.length(a, b)
	}
	return sum
}

// on is Σ|Z[t,a] − Z[t,b]|.
func (p *pairs) on(y []float32, dims int) (sum float64) {
	for k, a := range p.a {
		q := y[int(p.b[k])*dims:][:dims]
		square := 0.0
		for j, v := range y[int(a)*dims:][:dims] {
			d := float64(v) - float64(q[j])
			square += float64(d * d)
		}
		sum += math.Sqrt(square)
	}
	return sum
}
