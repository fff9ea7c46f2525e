package vec

import "math/bits"

// A Field is a plane of points that attract and repel each other, as they are
// in one pass of a layout.
type Field struct {
	Places []float32 // x and y of each point
	Forces *[2]Curve // attraction and repulsion, over the difference of two points
	Pool   []int32   // draws are positions in it; nil: they are points
	list   []int32   // scratch

	Pass        uint32 // the number of the pass: it decides which edges are due
	Negatives   uint32 // points drawn for each edge that is due
	Points      uint32 // draws are below it
	Share       uint32 // of the draws, in units of 2⁻³², that are from First to First + Size
	First, Size uint32
}

// Pull returns the sum of the forces on point i, which has edges to the points
// cols:
//
//	near := 0
//	for e, step := range steps {
//		if Pass*step < step { // in 32 bits: once in 2³²/step passes
//			list[near] = cols[e]
//			near++
//		}
//	}
//	for k := range near*Negatives {
//		list[near+k] = Draw(key, k)
//	}
//	for k, j := range list {
//		d := Places[j] - Places[i]
//		sum += Forces[0 if k < near, else 1].At(|d|²) * d
//	}
//
// The same key gives the same draws. Points that lie on each other exert no
// force. Indices must be those of points, and 2³² above all their numbers; a
// field serves one goroutine at a time.
func (f *Field) Pull(i int, cols []int32, steps []uint32, key uint32) (x, y float32) {
	if len(cols) != len(steps) || f.Forces == nil || 2*i+1 >= len(f.Places) || int(f.Points) > max(len(f.Pool), len(f.Places)/2) {
		panic(badLength)
	}
	// Rows of many edges go by stretches, so that the list stays in the cache.
	const stretch = 256
	if n := min(len(cols), stretch)*(1+int(f.Negatives)) + 2*listSpare; len(f.list) < n {
		f.list = make([]int32, n)
	}
	for len(cols) > stretch {
		dx, dy := pull(f, i, cols[:stretch], steps[:stretch], key)
		x, y = x+dx, y+dy
		cols, steps, key = cols[stretch:], steps[stretch:], hash32(key+1)
	}
	dx, dy := pull(f, i, cols, steps, key)
	return x + dx, y + dy
}

// listSpare is how many entries kernels may write beyond the list's end.
const listSpare = 16

func pullGeneric(f *Field, i int, cols []int32, steps []uint32, key uint32) (x, y float32) {
	near, pass := 0, f.Pass
	list := f.list
	for e, step := range steps {
		list[near] = cols[e]
		_, due := bits.Sub32(pass*step, step, 0) // no branch: half would be mispredicted
		near += int(due)
	}
	places := f.Places
	px, py := places[2*i], places[2*i+1]
	for _, j := range list[:near] {
		dx, dy := places[2*j]-px, places[2*j+1]-py
		c := f.Forces[0].At(float32(dx*dx) + float32(dy*dy))
		x += float32(c * dx)
		y += float32(c * dy)
	}
	for k := range uint32(near) * f.Negatives {
		j := f.Draw(key, k)
		dx, dy := places[2*j]-px, places[2*j+1]-py
		c := f.Forces[1].At(float32(dx*dx) + float32(dy*dy))
		x += float32(c * dx)
		y += float32(c * dy)
	}
	return x, y
}

// Draw returns the k-th draw of a key.
func (f *Field) Draw(key, k uint32) int32 {
	h := hash32(key + k*goldenRatio)
	_, other := bits.Sub32(f.Share, h*goldenRatio, 0) // 1 where the draw is not of the group
	all := -other
	first, size := f.First&^all, f.Size&^all|f.Points&all
	r := first + uint32(uint64(h)*uint64(size)>>32)
	if f.Pool != nil {
		return f.Pool[r]
	}
	return int32(r)
}

// goldenRatio is 2³² over the golden ratio, to an odd number: Weyl's sequence of
// its multiples visits all of them evenly.
const goldenRatio = 0x9e3779b9

// hash32 is a bijection whose output bits look independent of its input's
// (Wellons, Prospecting for hash functions, 2018: lowbias32).
func hash32(h uint32) uint32 {
	h ^= h >> 16
	h *= 0x7feb352d
	h ^= h >> 15
	h *= 0x846ca68b
	return h ^ h>>16
}
