package vec

// Transpose sets dst, cols×rows, to the transpose of x, rows×cols:
//
//	for r := range rows {
//		for j := range cols {
//			dst[j*ldd+r] = x[r*ldx+j]
//		}
//	}
func Transpose(dst []float32, ldd int, x []float32, ldx, rows, cols int) {
	if rows == 0 || cols == 0 {
		return
	}
	mustFit(ldd >= rows && ldx >= cols && len(dst) >= (cols-1)*ldd+rows && len(x) >= (rows-1)*ldx+cols)
	wholeRows, wholeCols := 0, 0
	if level != Generic {
		wholeRows, wholeCols = rows/Lanes()*Lanes(), cols/Lanes()*Lanes()
		for r := 0; r < wholeRows && wholeCols > 0; r += Lanes() {
			transposeRows(dst[r:], ldd, x[r*ldx:], ldx, wholeCols)
		}
	}
	for r := range rows {
		first := 0
		if r < wholeRows {
			first = wholeCols
		}
		for j := first; j < cols; j++ {
			dst[j*ldd+r] = x[r*ldx+j]
		}
	}
}
