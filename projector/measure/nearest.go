package measure

import (
	"math"
	"slices"
)

// A key orders rows by distance and, where that is equal, by number: the bits of a squared distance, which for
// non-negative floats grow with it, above the row.
type key uint64

const farthest = key(math.MaxUint64)

func newKey(d float32, row int) key { return key(math.Float32bits(d))<<32 | key(uint32(row)) }
func (k key) row() int              { return int(uint32(k)) }
func (k key) dist() float32         { return math.Float32frombits(uint32(k >> 32)) }

// A nearest keeps the smallest keys it was shown, ascending; unused places hold farthest.
type nearest []key

func (t nearest) reset() {
	for i := range t {
		t[i] = farthest
	}
}

// add shows t one key.
func (t nearest) add(k key) {
	last := len(t) - 1
	if last < 0 || k >= t[last] {
		return
	}
	i := last
	for ; i > 0 && t[i-1] > k; i-- {
		t[i] = t[i-1]
	}
	t[i] = k
}

// addRow shows t the squared distances of rows first, first+1, ….
func (t nearest) addRow(d []float32, first int) {
	if len(t) == 0 {
		return
	}
	last := len(t) - 1
	limit := t[last].limit()
	for j, v := range d {
		if v <= limit {
			t.add(newKey(v, first+j))
			limit = t[last].limit()
		}
	}
}

// limit is the distance above which a key cannot be smaller than k.
func (k key) limit() float32 {
	if k == farthest {
		return math.MaxFloat32
	}
	return k.dist()
}

// excess returns Σ max(0, rank − k) over the picked rows, where a row's rank counts from 1 along the squared
// distances d, and near holds the k smallest keys of d. Rows of near need no look: their rank is at most k.
func excess(d []float32, near, picks nearest) int {
	var far [16]key // ascending, then farthest
	n, kth := 0, near[len(near)-1]
	for _, p := range picks {
		if k := newKey(d[p.row()], p.row()); k > kth {
			far[n] = k
			n++
		}
	}
	if n == 0 {
		return 0
	}
	slices.Sort(far[:n])
	for i := n; i < len(far); i++ {
		far[i] = farthest
	}
	lo, hi := kth.dist(), far[n-1].dist()
	sum := 0
	for j, v := range d {
		if v < lo || v > hi {
			continue
		}
		k := newKey(v, j)
		if k <= kth {
			continue
		}
		// This row stands before, or is, each of far from the first that is not smaller.
		at := 0
		for step := len(far) / 2; step > 0; step /= 2 {
			if far[at+step-1] < k {
				at += step
			}
		}
		sum += max(0, n-at)
	}
	return sum
}

// rows returns the row numbers of t.
func (t nearest) rows() []int {
	out := make([]int, len(t))
	for i, k := range t {
		out[i] = k.row()
	}
	return out
}
