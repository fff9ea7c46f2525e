package space

import (
	"math"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// shortlists hold, for each row i, the size other rows j of least key seen so
// far, the key being |y_j|² - 2·y_i·y_j: it orders rows as their distance from
// row i does. Equal keys are ordered by row number, so that what a list ends
// up with does not depend on the order of offers.
type shortlists struct {
	norm  []float32 // |y|² per row
	size  int
	list  []candidate // n×size, ascending
	limit []float32   // per row, minus the next float32 above its largest key
}

// A candidate is a key in its upper half, as an unsigned integer of the same
// order, and a row in its lower half.
type candidate uint64

func newCandidate(key float32, row int) candidate {
	b := math.Float32bits(key)
	b ^= uint32(int32(b)>>31) | 1<<31 // negative: all bits turn; else the sign alone
	return candidate(b)<<32 | candidate(row)
}

func (c candidate) row() int { return int(uint32(c)) }

func (c candidate) key() float32 {
	b := uint32(c >> 32)
	b ^= ^uint32(int32(b)>>31) | 1<<31
	return math.Float32frombits(b)
}

const noCandidate = candidate(math.MaxUint64)

// newShortlists makes n empty lists; norm are those of the rows on offer.
func newShortlists(n int, norm []float32, size int) *shortlists {
	l := &shortlists{norm: norm, size: size, list: make([]candidate, n*size), limit: make([]float32, n)}
	l.empty()
	return l
}

// empty forgets all candidates.
func (l *shortlists) empty() {
	for i := range l.list {
		l.list[i] = noCandidate
	}
	for i := range l.limit {
		l.limit[i] = float32(math.Inf(-1))
	}
}

// of returns row i's list.
func (l *shortlists) of(i int) []candidate { return l.list[i*l.size : (i+1)*l.size] }

// A tile holds the products of the rows a0..a1 with the rows b0..b1.
type tile struct {
	a0, a1, b0, b1 int
	dots           []float32
	stride         int // between rows of dots
	found          []int32
}

// offer offers the rows of a tile to each other and returns the number of
// pairs it has settled. Nearly all products are beyond both limits, and
// [vec.Nearer] passes over those at memory's speed. For the way back it is
// asked for -limit_j - 2·dot < -norm_i, which is the same but for rounding;
// rounding never turns order round, so with the next float up nothing is
// missed.
func (l *shortlists) offer(t *tile) (pairs int) {
	norms, limits := l.norm[t.b0:t.b1], l.limit[t.b0:t.b1]
	for i := t.a0; i < t.a1; i++ {
		dots := t.dots[(i-t.a0)*t.stride:][:t.b1-t.b0]
		for _, j := range t.found[:vec.Nearer(t.found, dots, norms, -l.limit[i])] {
			l.insert(i, t.b0+int(j), norms[j]-2*dots[j])
		}
		if t.a0 == t.b0 {
			continue
		}
		norm := l.norm[i]
		for _, j := range t.found[:vec.Nearer(t.found, dots, limits, math.Nextafter32(-norm, math.MaxFloat32))] {
			l.insert(t.b0+int(j), i, norm-2*dots[j])
		}
	}
	pairs = (t.a1 - t.a0) * (t.b1 - t.b0)
	if t.a0 != t.b0 {
		pairs *= 2
	}
	return pairs
}

// insert puts row j on the list of row i, another, if its key is small enough.
func (l *shortlists) insert(i, j int, key float32) {
	if i != j {
		l.admit(i, j, key)
	}
}

// admit puts row j on list i if its key is small enough.
func (l *shortlists) admit(i, j int, key float32) {
	list, c := l.of(i), newCandidate(key, j)
	at := len(list) - 1
	if c >= list[at] {
		return
	}
	for at > 0 && list[at-1] > c {
		list[at] = list[at-1]
		at--
	}
	list[at] = c
	if worst := list[len(list)-1]; worst != noCandidate {
		l.limit[i] = -math.Nextafter32(worst.key(), math.MaxFloat32)
	}
}
