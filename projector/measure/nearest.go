package measure

import (
	"math"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
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

// addRow shows t the squared distances of rows first, first+1, …; found is scratch as long as d.
func (t nearest) addRow(d []float32, first int, found []int32) {
	last := len(t) - 1
	if last < 0 {
		return
	}
	if t[last] == farthest { // the first few fill t, so that there is a limit for the rest
		head := min(len(d), 4*len(t))
		for j, v := range d[:head] {
			if v <= math.MaxFloat32 {
				t.add(newKey(v, first+j))
			}
		}
		d, first = d[head:], first+head
	}
	for _, j := range within(found, d, t[last].limit()) {
		t.add(newKey(d[j], first+int(j)))
	}
}

// within returns, in found, the places of d that are at most limit.
func within(found []int32, d []float32, limit float32) []int32 {
	n := 0
	for lo := 0; lo < len(d); lo += len(zeros) {
		part := d[lo:min(len(d), lo+len(zeros))]
		m := vec.Nearer(found[n:], zeros[:len(part)], part, math.Nextafter32(limit, math.MaxFloat32))
		for i := n; i < n+m; i++ {
			found[i] += int32(lo)
		}
		n += m
	}
	return found[:n]
}

// zeros are the products that [vec.Nearer] subtracts.
var zeros [2048]float32

// limit is the distance above which a key cannot be smaller than k.
func (k key) limit() float32 {
	if k == farthest {
		return math.MaxFloat32
	}
	return k.dist()
}

// excess returns Σ max(0, rank − k) over the picked rows, where a row's rank counts from 1 along the squared
// distances d, and near holds the k smallest keys of d. Rows of near need no look: their rank is at most k.
func excess(d []float32, near, picks nearest) (sum int) {
	kth := near[len(near)-1]
	for _, p := range picks {
		row := p.row()
		if v := d[row]; newKey(v, row) > kth {
			before := vec.Below(d[:row], math.Nextafter32(v, math.MaxFloat32)) + vec.Below(d[row:], v)
			sum += 1 + before - len(near)
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
