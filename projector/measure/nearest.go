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
// scratch is overwritten.
func excess(d []float32, near nearest, picks nearest, scratch []key) int {
	kth := near[len(near)-1]
	far := scratch[:0]
	for _, p := range picks {
		if k := newKey(d[p.row()], p.row()); k > kth {
			far = append(far, k)
		}
	}
	if len(far) == 0 {
		return 0
	}
	slices.Sort(far)
	lo, hi := kth.dist(), far[len(far)-1].dist()
	sum := 0
	for j, v := range d {
		if v < lo || v > hi {
			continue
		}
		if k := newKey(v, j); k > kth {
			at, _ := slices.BinarySearch(far, k)
			sum += len(far) - at // this row stands before, or is, each of these
		}
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
