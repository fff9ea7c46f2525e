package vec

// A panel is a strip of an operand laid out as a tile reads it: for each step p
// the width values of its rows (or columns) side by side, zeros past the edge.

// packRows fills a panel from rows of x:
//
//	for p := range k {
//		for r := range width {
//			dst[p*width+r] = x[r*ldx+p] // zero for r >= rows
//		}
//	}
func packRowsGeneric(dst []float32, width int, x []float32, ldx, rows, k int) {
	if k == 0 {
		return
	}
	dst = dst[:k*width]
	if rows < width {
		clear(dst)
	}
	r := 0
	for ; r+4 <= rows; r += 4 { // four rows at once, to write runs of four
		x0, x1 := x[r*ldx:][:k], x[(r+1)*ldx:][:k]
		x2, x3 := x[(r+2)*ldx:][:k], x[(r+3)*ldx:][:k]
		at := r
		for p, v := range x0 {
			d := dst[at : at+4 : at+4]
			d[0], d[1], d[2], d[3] = v, x1[p], x2[p], x3[p]
			at += width
		}
	}
	for ; r < rows; r++ {
		at := r
		for _, v := range x[r*ldx:][:k] {
			dst[at] = v
			at += width
		}
	}
}

// packColumns fills a panel from columns of x:
//
//	for p := range k {
//		for j := range width {
//			dst[p*width+j] = x[p*ldx+j] // zero for j >= cols
//		}
//	}
func packColumnsGeneric(dst []float32, width int, x []float32, ldx, cols, k int) {
	for p := range k {
		d := dst[p*width : (p+1)*width]
		n := copy(d, x[p*ldx:p*ldx+cols])
		clear(d[n:])
	}
}

// A buffer is a float32 slice that grows on demand and starts at a cache line.
type buffer struct{ data []float32 }

// take returns n floats of undefined content.
func (b *buffer) take(n int) []float32 {
	if cap(b.data) < n {
		b.data = Aligned(n)
	}
	return b.data[:n]
}
