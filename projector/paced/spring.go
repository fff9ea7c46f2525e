package paced

import (
	"context"
	"math"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// skips are the appearances over which a sample keeps its distance from itself: without the longer ones it would zigzag.
var skips = [...]int{1, 2, 4, 8}

// springs join each row to its sample's at other epochs, in both directions: those of row i are start[i] to start[i+1].
type springs struct {
	start  []int
	to     []int32
	rest   []float32 // |X[s,i] − X[t,i]|, in units of the film
	weight []float32 // 1/hops²
}

func newSprings(ctx context.Context, f *Film) (springs, error) {
	at := make([]int, f.n) // of each row, on its track
	s := springs{start: make([]int, f.n+1)}
	track := make([]int, f.n)
	for k, rows := range f.tracks {
		for p, i := range rows {
			at[i], track[i] = p, k
			each(p, len(rows), func(int, int) { s.start[i+1]++ })
		}
	}
	for i := range f.n {
		s.start[i+1] += s.start[i]
	}
	total := s.start[f.n]
	s.to, s.rest, s.weight = make([]int32, total), make([]float32, total), make([]float32, total)
	err := vec.Chunks(ctx, f.n, f.o.Workers, func(lo, hi int) {
		a, b := make([]float64, f.dim), make([]float64, f.dim)
		for i := lo; i < hi; i++ {
			rows, e := f.tracks[track[i]], s.start[i]
			f.wide(a, int32(i))
			each(at[i], len(rows), func(q, hops int) {
				f.wide(b, rows[q])
				s.to[e], s.rest[e], s.weight[e] = rows[q], float32(f.length(a, b)), float32(1/float64(hops*hops))
				e++
			})
		}
	})
	return s, err
}

// each calls visit for the places of a track of the given length that a spring joins to place p.
func each(p, length int, visit func(q, hops int)) {
	for _, hops := range skips {
		if p >= hops {
			visit(p-hops, hops)
		}
		if p+hops < length {
			visit(p+hops, hops)
		}
	}
}

// wide sets dst to row i.
func (f *Film) wide(dst []float64, i int32) {
	for k, v := range f.x[int(i)*f.dim:][:f.dim] {
		dst[k] = float64(v)
	}
}

// relaxChunk sets next to where the rows of a chunk come to lie.
func (f *Film) relaxChunk(_, chunk int) {
	dims := f.o.Dims
	for i := chunk * vec.Chunk; i < min(f.n, (chunk+1)*vec.Chunk); i++ {
		copy(f.next[i*dims:(i+1)*dims], f.y[i*dims:])
		if f.held == nil || !f.held[i] {
			f.relaxRow(f.next[i*dims:][:dims], i)
		}
	}
}

// relaxRow moves p, the place of row i:
//
//	Z[t,i] += k · Σ w·(d − c·rest)·(Y[s,i] − Y[t,i])/d / Σ w,    d = |Y[s,i] − Y[t,i]|
func (f *Film) relaxRow(p []float32, i int) {
	var here, apart, move [3]float32
	var total float32
	dims, s := len(p), &f.springs
	for j, o := range f.offset[int(f.epoch[i])*dims:][:dims] {
		here[j] = p[j] + o
	}
	for e := s.start[i]; e < s.start[i+1]; e++ {
		w := s.weight[e]
		if f.settling && w < 1 {
			continue
		}
		to := int(s.to[e])
		there, o := f.y[to*dims:][:dims], f.offset[int(f.epoch[to])*dims:][:dims]
		var d2 float32
		for j := range there {
			apart[j] = there[j] + o[j] - here[j]
			d2 += float32(apart[j] * apart[j])
		}
		total += w
		d := float32(math.Sqrt(float64(d2)))
		if d < 1e-9 { // no direction to leave in
			continue
		}
		pull := w * (d - float32(f.c*s.rest[e])) / d
		for j := range there {
			move[j] += float32(pull * apart[j])
		}
	}
	if total == 0 {
		return
	}
	for j := range p {
		p[j] += float32(f.k / total * move[j])
	}
}
