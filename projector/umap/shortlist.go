package umap

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
	key   []float32 // n×size, ascending
	index []int32   // n×size
	limit []float32 // per row, minus the next float32 above its largest key
}

func newShortlists(norm []float32, size int) *shortlists {
	n := len(norm)
	l := &shortlists{norm: norm, size: size, key: make([]float32, n*size), index: make([]int32, n*size), limit: make([]float32, n)}
	for i := range l.key {
		l.key[i], l.index[i] = math.MaxFloat32, math.MaxInt32
	}
	for i := range l.limit {
		l.limit[i] = float32(math.Inf(-1))
	}
	return l
}

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

// insert puts row j on row i's list if its key is small enough.
func (l *shortlists) insert(i, j int, key float32) {
	keys := l.key[i*l.size : (i+1)*l.size]
	index := l.index[i*l.size : (i+1)*l.size]
	at := len(keys) - 1
	if i == j || key > keys[at] || key == keys[at] && int32(j) > index[at] {
		return
	}
	for at > 0 && (keys[at-1] > key || keys[at-1] == key && index[at-1] > int32(j)) {
		keys[at], index[at] = keys[at-1], index[at-1]
		at--
	}
	keys[at], index[at] = key, int32(j)
	if worst := keys[len(keys)-1]; worst < math.MaxFloat32 {
		l.limit[i] = -math.Nextafter32(worst, math.MaxFloat32)
	}
}
