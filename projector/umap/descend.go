package umap

import (
	"math"
	"math/bits"
	"unsafe"
)

// pass2 moves the points lo..hi of a map of 2 dimensions.
func (d *descent) pass2(due []int32, lo, hi int) {
	now, next := points2(d.now), points2(d.next)
	col, attract, repel, negatives, key := d.graph.Col, d.attract, d.repel, d.negatives, d.key
	for i := lo; i < hi; i++ {
		p := now[i]
		var gx, gy float32
		pool := d.pools.of(i)
		for _, e := range d.dueEdges(due, i) {
			q := now[col[e]]
			dx, dy := p.x-q.x, p.y-q.y
			f := attract.at(float32(dx*dx) + float32(dy*dy))
			gx += float32(f * dx)
			gy += float32(f * dy)
			r := mix(key + uint64(e)*0xd1342543de82ef95)
			for range negatives {
				r = nextDraw(r)
				q := now[pool.pick(r)]
				dx, dy := p.x-q.x, p.y-q.y
				f := repel.at(float32(dx*dx) + float32(dy*dy))
				gx += float32(f * dx)
				gy += float32(f * dy)
			}
		}
		next[i] = point2{p.x + d.adam(2*i, gx), p.y + d.adam(2*i+1, gy)}
	}
}

type point2 struct{ x, y float32 }

func points2(y []float32) []point2 {
	return unsafe.Slice((*point2)(unsafe.Pointer(unsafe.SliceData(y))), len(y)/2)
}

// passAny is pass2 for any number of dimensions.
func (d *descent) passAny(due []int32, lo, hi int) {
	dims := d.dims
	gradient := make([]float32, dims)
	pull := func(p, q []float32, f *table) {
		q = q[:len(p)]
		var d2 float32
		for k, v := range p {
			d2 += float32((v - q[k]) * (v - q[k]))
		}
		c := f.at(d2)
		for k, v := range p {
			gradient[k] += float32(c * (v - q[k]))
		}
	}
	for i := lo; i < hi; i++ {
		p := d.now[i*dims:][:dims]
		clear(gradient)
		pool := d.pools.of(i)
		for _, e := range d.dueEdges(due, i) {
			pull(p, d.now[int(d.graph.Col[e])*dims:], d.attract)
			r := mix(d.key + uint64(e)*0xd1342543de82ef95)
			for range d.negatives {
				r = nextDraw(r)
				pull(p, d.now[pool.pick(r)*dims:], d.repel)
			}
		}
		for k, v := range p {
			d.next[i*dims+k] = v + d.adam(i*dims+k, gradient[k])
		}
	}
}

// dueEdges lists the edges of row i that are due in this pass.
func (d *descent) dueEdges(due []int32, i int) []int32 {
	lo, hi := d.graph.Start[i], d.graph.Start[i+1]
	n := 0
	for k, step := range d.step[lo:hi] {
		due[n] = int32(lo + k)
		_, wrapped := bits.Sub32(d.t*step, step, 0) // no branch: half of them would be foretold wrongly
		n += int(wrapped)
	}
	return due[:n]
}

// nextDraw follows a hashed number by others: a congruential generator whose
// upper half is used.
func nextDraw(r uint64) uint64 { return r*6364136223846793005 + 1442695040888963407 }

// adam returns how far coordinate k moves under gradient g.
func (d *descent) adam(k int, g float32) float32 {
	m := d.moment[k] + float32((1-adamBeta1)*(g-d.moment[k]))
	s := d.squares[k] + float32((1-adamBeta2)*(float32(g*g)-d.squares[k]))
	d.moment[k], d.squares[k] = m, s
	return float32(d.alpha * m / (float32(math.Sqrt(float64(s))) + adamEps))
}
