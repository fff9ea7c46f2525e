package space

import (
	"math"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// Views are rows made ready to be seen from each of them: which are nearest, and
// how the others rank. Estimates in float32 answer that where rounding cannot
// change the answer, and distances in float64 where it can.
type Views struct {
	*Rows
	packing *packing   // of straight metrics with more than directDims columns; else nil
	right   *vec.Right // of packing
	scaled  []float32  // of straight metrics with few columns: x·scale
	scale   float64    // a power of two; estimates are of orders times its square
}

// directDims is the number of columns up to which differences are cheaper than a
// product.
const directDims = 4

// NewViews prepares the rows of x (n×dim, row-major), which it keeps and which
// must not change.
func NewViews(x []float32, dim int, metric string, workers int) (*Views, error) {
	rows, err := NewRows(x, dim, metric)
	if err != nil {
		return nil, err
	}
	v := &Views{Rows: rows, scale: 1}
	switch {
	case rows.n == 0 || !rows.straight():
	case rows.rate == nil && dim <= directDims:
		top := float32(0)
		for _, value := range x {
			top = max(top, abs(value))
		}
		if top > 0 { // so that no square overflows, and few vanish
			_, e := math.Frexp(float64(top))
			v.scale = math.Ldexp(1, -e)
		}
		v.scaled = make([]float32, len(x))
		for i, value := range x {
			v.scaled[i] = float32(float64(value) * v.scale)
		}
	default:
		var centred []float32
		v.packing, centred = pack(rows)
		v.right, v.scale = vec.PackRight(centred, rows.width(), workers), v.packing.scale
	}
	return v, nil
}

// Height is how many rows are best looked from at once.
func (v *Views) Height() int {
	least := 1 // 32 rows of a million estimates would be most of the memory that an import takes
	if v.packing != nil {
		least = 32 // that a product is worth it
	}
	return max(least, min(128, (1<<21)/max(1, v.n)))
}

// slack is what an estimate of up to e may be off, seen from row i.
func (v *Views) slack(i int, e float64) float64 {
	if v.packing != nil {
		return v.packing.slack(float64(v.packing.norm[i]), e)
	}
	return e*float64(v.dim+4)/(1<<24) + float64(v.dim)*0x1p-120
}

// A Block is one worker's memory for looking from up to so many rows at once.
type Block struct {
	*Views
	estimates []float32
	stride    int // between rows of estimates
	left      []float32
	form      []float64
	found     []int32
	list      *shortlists
	near      []neighbor
	exact     []float64
	masked    []float32
	view      View
	rows      []int
}

// NewBlock makes a block for up to height rows.
func (v *Views) NewBlock(height int) *Block {
	b := &Block{Views: v, stride: v.n, found: make([]int32, len(zeros))}
	if v.packing != nil {
		step := v.right.Step()
		b.stride = (v.n + step - 1) / step * step
		tall, _ := vec.TileShape()
		height = (height + tall - 1) / tall * tall
		b.form = make([]float64, v.width())
	}
	b.estimates = vec.Aligned(height * b.stride)
	return b
}

// Look estimates the orders of the given rows to all rows.
func (b *Block) Look(rows []int) {
	b.rows = rows
	switch {
	case b.packing != nil:
		width := b.width()
		if need := len(rows) * width; len(b.left) < need {
			b.left = make([]float32, need)
		}
		for r, i := range rows {
			b.Rows.form(b.form, i)
			b.packing.centred(b.left[r*width:(r+1)*width], b.form)
		}
		left := vec.PackLeft(b.left[:len(rows)*width], width, 1)
		vec.Products(b.estimates, left, 0, len(rows), b.right, 0, b.n)
	case b.scaled != nil:
		for r, i := range rows {
			b.differences(b.estimates[r*b.stride:][:b.n], i)
		}
	default:
		for r, i := range rows {
			row, x, dim, early := b.row(i), b.x, b.dim, b.early
			for j := range b.n {
				b.estimates[r*b.stride+j] = early(row, x[j*dim:(j+1)*dim], math.MaxFloat32)
			}
		}
	}
}

// differences fills d with the estimates from row i.
func (b *Block) differences(d []float32, i int) {
	a, x := b.scaled[i*b.dim:(i+1)*b.dim], b.scaled
	if b.dim == 2 {
		for j := range d {
			dx, dy := x[2*j]-a[0], x[2*j+1]-a[1]
			d[j] = float32(dx*dx) + float32(dy*dy)
		}
		return
	}
	for j := range d {
		d[j] = vec.SqDist(a, x[j*b.dim:(j+1)*b.dim])
	}
}

// At returns what is seen from entry r of the rows last looked from, which may be
// asked for once. It is good until the next At.
func (b *Block) At(r int) *View {
	i := b.rows[r]
	d := b.estimates[r*b.stride:][:b.n]
	if b.packing != nil {
		complete(d, b.packing.norm, b.packing.norm[i])
	}
	d[i] = float32(math.Inf(1)) // no row is its own neighbour
	b.view = View{Block: b, i: i, d: d}
	return &b.view
}

// complete turns products ab into |a|² + |b|² - 2ab, given aa = |a|² and bb[j] = |b|².
func complete(ab, bb []float32, aa float32) {
	bb = bb[:len(ab)]
	for j, v := range ab {
		ab[j] = max(0, aa+bb[j]-2*v)
	}
}

// A View is all rows as seen from one of them.
type View struct {
	*Block
	i     int
	d     []float32 // estimates; +Inf for the row itself
	known bool      // exact holds the orders
	least int       // so many rows of d are on the block's list
	spent int       // orders measured one by one
}

// measure takes all orders exactly.
func (v *View) measure() {
	if v.known {
		return
	}
	if v.exact == nil {
		v.exact = make([]float64, v.n)
	}
	for j := range v.exact {
		v.exact[j] = v.orderOf(v.i, v.Rows, j)
	}
	v.exact[v.i], v.known = math.Inf(1), true
}

// Nearest returns the k nearest other rows, or all of them where there are fewer,
// in no order. Equal distances are ordered by row number.
func (v *View) Nearest(k int) []int32 { return v.nearest(v.d, min(k, v.n-1), nil) }

// NearestAmong is Nearest among the rows of which member is true.
func (v *View) NearestAmong(member []bool, k int) []int32 {
	if v.masked == nil {
		v.masked = make([]float32, v.n)
	}
	for j, d := range v.d {
		if !member[j] {
			d = float32(math.Inf(1))
		}
		v.masked[j] = d
	}
	return v.nearest(v.masked, min(k, v.n-1), member)
}

// nearest finds the rows of least order among those whose estimate in d is finite.
func (v *View) nearest(d []float32, k int, member []bool) []int32 {
	if k < 1 {
		return nil
	}
	if !v.known {
		const spare = 4
		list := v.choose(d, k+spare)
		if list[k] != noCandidate {
			inner, outer := float64(list[k-1].key()), float64(list[k].key())
			if outer-inner > 2*v.slack(v.i, outer) { // their order cannot be another
				return rowsOf(list[:k], candidate.row)
			}
		}
		full := list[len(list)-1] != noCandidate
		if full || v.straight() { // without overflow, a list with room left has all there are
			v.near = measured(v.near[:0], list, v.Rows, v.i, v.Rows)
			k := min(k, len(v.near))
			worst := v.near[k-1].dist * v.scale * v.scale
			if !full || worst < float64(list[len(list)-1].key())-v.slack(v.i, worst) {
				return rowsOf(v.near[:k], func(n neighbor) int { return int(n.row) })
			}
		}
		v.measure()
	}
	v.near = v.near[:0]
	for j, order := range v.exact {
		if j != v.i && (member == nil || member[j]) {
			v.near = keep(v.near, k, neighbor{order, int32(j)})
		}
	}
	return rowsOf(v.near, func(n neighbor) int { return int(n.row) })
}

func rowsOf[T any](list []T, row func(T) int) []int32 {
	out := make([]int32, len(list))
	for i, v := range list {
		out[i] = int32(row(v))
	}
	return out
}

// zeros are the products that [vec.Nearer] subtracts.
var zeros [2048]float32

// choose puts the rows of the least of d on the block's list, and returns it.
func (v *View) choose(d []float32, size int) []candidate {
	if &d[0] == &v.d[0] {
		if size <= v.least {
			return v.list.of(0)[:size]
		}
		v.least = size
	} else {
		v.least = 0
	}
	if v.list == nil || v.list.size != size {
		v.Block.list = newShortlists(1, nil, size)
	} else {
		v.list.empty()
	}
	list, limit := v.list.of(0), float32(math.Inf(1))
	last := len(list) - 1
	for lo := 0; lo < len(d); {
		hi := min(lo+max(lo, 4*size), lo+len(zeros), len(d)) // a few first: the sooner the list is full of near rows, the fewer come on it for nothing
		part := d[lo:hi]
		for _, j := range v.found[:vec.Nearer(v.found, zeros[:len(part)], part, limit)] {
			c := newCandidate(part[j], lo+int(j))
			at := last
			if c >= list[at] {
				continue
			}
			for ; at > 0 && list[at-1] > c; at-- {
				list[at] = list[at-1]
			}
			list[at] = c
		}
		if list[last] != noCandidate {
			limit = math.Nextafter32(list[last].key(), math.MaxFloat32)
		}
		lo = hi
	}
	return list
}

// Rank returns how many other rows are nearer than row j, which is another one,
// equal ones being ordered by row number.
func (v *View) Rank(j int) int {
	order := v.orderOf(v.i, v.Rows, j)
	if !v.known {
		if rank, ok := v.estimateRank(j, order); ok {
			return rank
		}
		v.measure()
	}
	rank := 0
	for _, o := range v.exact[:j] {
		if o <= order {
			rank++
		}
	}
	for _, o := range v.exact[j+1:] {
		if o < order {
			rank++
		}
	}
	return rank
}

// estimateRank measures those rows only whose estimates leave a doubt.
func (v *View) estimateRank(j int, order float64) (rank int, ok bool) {
	e := order * v.scale * v.scale
	slack := v.slack(v.i, e)
	if !(e+slack < math.MaxFloat32/2) {
		return 0, false
	}
	lo := math.Nextafter32(float32(e-slack), float32(math.Inf(-1)))
	hi := math.Nextafter32(float32(e+slack), float32(math.Inf(1)))
	rank = vec.Below(v.d, lo)
	doubtful := vec.Below(v.d, hi) - rank
	if doubtful <= 1 { // row j itself
		return rank, true
	}
	if v.spent += doubtful; v.spent > v.n {
		return 0, false
	}
	for from := 0; from < v.n; from += len(zeros) {
		part := v.d[from:min(v.n, from+len(zeros))]
		for _, at := range v.found[:vec.Nearer(v.found, zeros[:len(part)], part, hi)] {
			if c := from + int(at); part[at] >= lo && c != j {
				if o := v.orderOf(v.i, v.Rows, c); o < order || o == order && c < j {
					rank++
				}
			}
		}
	}
	return rank, true
}

// Sum adds the distance of every other row j to sums[group[j]], in a unit that is
// the same for all rows.
func (v *View) Sum(group []int, sums []float64) {
	group = group[:v.n]
	straight := v.straight() && v.rate == nil // the usual case, without a call
	if v.known {
		for j, o := range v.exact {
			if j != v.i {
				sums[group[j]] += v.distance(o)
			}
		}
		return
	}
	own := v.d[v.i]
	v.d[v.i] = 0
	for j, e := range v.d {
		if straight {
			sums[group[j]] += float64(float32(math.Sqrt(float64(e))))
		} else {
			sums[group[j]] += v.distance(float64(e))
		}
	}
	v.d[v.i] = own
}
