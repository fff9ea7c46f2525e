package umap

import (
	"math"
	"math/bits"
)

// An edge between i and j is in the graph in both directions, and each
// direction pulls at both its ends. Here each point gathers for itself alone,
// so that a due edge pulls twice.
const bothWays = 2

// pass2 moves the points lo..hi of a map of 2 dimensions.
func (d *descent) pass2(due []int32, lo, hi int) {
	now := d.now
	for i := lo; i < hi; i++ {
		x, y := now[2*i], now[2*i+1]
		var gx, gy float32
		pool := d.pools.of(i)
		for _, e := range d.dueEdges(due, i) {
			q := now[2*int(d.graph.Col[e]):][:2:2]
			dx, dy := x-q[0], y-q[1]
			f := d.attract.at(float32(dx*dx) + float32(dy*dy))
			gx += bothWays * clip(f*dx)
			gy += bothWays * clip(f*dy)
			r := mix(d.key + uint64(e)*0xd1342543de82ef95)
			for range d.negatives {
				r = nextDraw(r)
				q := now[2*pool.pick(r):][:2:2]
				dx, dy := x-q[0], y-q[1]
				f := d.repel.at(float32(dx*dx) + float32(dy*dy))
				gx += clip(f * dx)
				gy += clip(f * dy)
			}
		}
		d.next[2*i] = x + d.adam(2*i, gx)
		d.next[2*i+1] = y + d.adam(2*i+1, gy)
	}
}

// passAny is pass2 for any number of dimensions.
func (d *descent) passAny(due []int32, lo, hi int) {
	dims := d.dims
	gradient := make([]float32, dims)
	pull := func(p, q []float32, f *table, times float32) {
		q = q[:len(p)]
		var d2 float32
		for k, v := range p {
			d2 += float32((v - q[k]) * (v - q[k]))
		}
		c := f.at(d2)
		for k, v := range p {
			gradient[k] += times * clip(c*(v-q[k]))
		}
	}
	for i := lo; i < hi; i++ {
		p := d.now[i*dims:][:dims]
		clear(gradient)
		pool := d.pools.of(i)
		for _, e := range d.dueEdges(due, i) {
			pull(p, d.now[int(d.graph.Col[e])*dims:], d.attract, bothWays)
			r := mix(d.key + uint64(e)*0xd1342543de82ef95)
			for range d.negatives {
				r = nextDraw(r)
				pull(p, d.now[pool.pick(r)*dims:], d.repel, 1)
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
