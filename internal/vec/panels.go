package vec

// Left and Right hold the rows of two matrices packed for [Products], the
// building block of blocked searches. To find nearest neighbours, a caller packs
// the data once as Left and once as Right, then takes blocks of rows (a few tiles
// high) and walks over blocks of columns so small that the products stay in the
// second-level cache (say 56 rows × 512 columns, 112 KB), and selects from
// each block at once with [Nearer], so that no n×n matrix ever exists:
//
//	left, right := vec.PackLeft(x, dim, 0), vec.PackRight(x, dim, 0)
//	for c := 0; c < n; c += cols { // cols a multiple of right.Step()
//		rows, ld := vec.Products(dots, left, r, r1, right, c, min(c+cols, n))
//		for i := r; i < r1; i++ {
//			row := dots[(i-r)*ld:][:min(c+cols, n)-c]
//			for _, j := range found[:vec.Nearer(found, row, norms[c:][:len(row)], worst[i])] {
//				// row c+j is nearer to i than the worst so far: insert it
//			}
//		}
//	}
//
// The product of rows i and j has the same bits as that of j and i, in whatever
// blocks they are computed.
type Left struct{ packed }

// Right is the other operand of [Products]: see [Left].
type Right struct{ packed }

type packed struct {
	n, dim, width int
	data          []float32
}

// Rows returns the number of rows.
func (p *packed) Rows() int { return p.n }

// Step returns the rows in a panel. Blocks start at a multiple of it.
func (p *packed) Step() int { return p.width }

// PackLeft packs the rows of x (n×dim, row-major), using up to workers
// goroutines. It panics unless dim is positive and divides len(x).
func PackLeft(x []float32, dim, workers int) *Left {
	rows, _ := tileShape()
	return &Left{pack(x, dim, rows, workers)}
}

// PackRight packs the rows of x as [PackLeft] does, for the other side.
func PackRight(x []float32, dim, workers int) *Right {
	_, cols := tileShape()
	return &Right{pack(x, dim, cols, workers)}
}

func pack(x []float32, dim, width, workers int) packed {
	if dim <= 0 || len(x)%dim != 0 {
		panic("vec: length is not a multiple of the dimension")
	}
	n := len(x) / dim
	panels := (n + width - 1) / width
	p := packed{n, dim, width, Aligned(panels * width * dim)}
	Parallel(workers, panels, func(_, t int) {
		r := t * width
		packRows(p.data[r*dim:], width, x[r*dim:], dim, min(width, n-r), dim)
	})
	return p
}

// Products computes the dot products of l's rows [r0, r1) with r's rows [c0, c1)
// into dst and returns the distance between dst's rows:
//
//	for i := r0; i < r1; i++ {
//		for j := c0; j < c1; j++ {
//			dst[(i-r0)*ld+j-c0] = dot(l row i, r row j)
//		}
//	}
//
// It writes whole tiles: ld is c1-c0 rounded up to r.Step(), and dst must hold
// r1-r0, rounded up to l.Step(), rows of that. It panics unless r0 and c0 are
// multiples of the steps, the ranges are within the matrices, and both sides have
// one dimension.
func Products(dst []float32, l *Left, r0, r1 int, r *Right, c0, c1 int) (ld int) {
	switch {
	case l.dim != r.dim:
		panic("vec: rows of different dimensions")
	case r0 < 0 || r1 > l.n || r0 > r1 || r0%l.width != 0 || c0 < 0 || c1 > r.n || c0 > c1 || c0%r.width != 0:
		panic("vec: block not aligned or out of range")
	}
	ld = (c1 - c0 + r.width - 1) / r.width * r.width
	if len(dst) < (r1-r0+l.width-1)/l.width*l.width*ld {
		panic("vec: slice too short for its matrix")
	}
	for j := c0; j < c1; j += r.width {
		y := r.data[j*r.dim:]
		for i := r0; i < r1; i += l.width {
			tile(l.dim, l.data[i*l.dim:], 1, l.width, y, r.width, dst[(i-r0)*ld+j-c0:], ld, 1, 0)
		}
	}
	return ld
}
