package umap

import (
	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
)

// A member of the crew works off chunks of rows.
type member struct {
	field    vec.Field
	gradient []float32 // of a chunk
	_        [64]byte  // so that no two members write to one cache line
}

// pass moves the points lo..hi.
func (d *descent) pass(m *member, lo, hi int) {
	f := &m.field
	f.Places, f.Pass = d.now, d.t
	dims := d.dims
	gradient := m.gradient[:(hi-lo)*dims]
	for i := lo; i < hi; i++ {
		f.First, f.Size = d.pools.of(i)
		from, to := d.graph.Start[i], d.graph.Start[i+1]
		key := uint32(random.Mix(d.key+uint64(i)*0xd1342543de82ef95) >> 32)
		if g := gradient[(i-lo)*dims:][:dims]; dims == 2 {
			g[0], g[1] = f.Pull(i, d.graph.Col[from:to], d.step[from:to], key)
		} else {
			pull(g, f, i, d.graph.Col[from:to], d.step[from:to], key)
		}
	}
	lo, hi = lo*dims, hi*dims
	copy(d.next[lo:hi], d.now[lo:hi])
	vec.Adam(&d.adam, d.next[lo:hi], d.moment[lo:hi], d.squares[lo:hi], gradient)
}

// pull sets sum to what [vec.Field.Pull] is, in any number of dimensions.
func pull(sum []float32, f *vec.Field, i int, cols []int32, steps []uint32, key uint32) {
	dims := len(sum)
	p := f.Places[i*dims:][:dims]
	clear(sum)
	feel := func(j int32, force *vec.Curve) {
		q := f.Places[int(j)*dims:][:len(p)]
		var d2 float32
		for k, v := range p {
			d2 += float32((q[k] - v) * (q[k] - v))
		}
		c := force.At(d2)
		for k, v := range p {
			sum[k] += float32(c * (q[k] - v))
		}
	}
	draws := uint32(0)
	for e, step := range steps {
		if f.Pass*step >= step {
			continue
		}
		feel(cols[e], &f.Forces[0])
		for range f.Negatives {
			feel(f.Draw(key, draws), &f.Forces[1])
			draws++
		}
	}
}
