package vec

// ConvPool computes n pooled outputs side by side of a 3×3 convolution, for one
// panel of output channels (as many as a tile has columns, see [TileShape]):
//
//	for t := range n {
//		for ch := range cols {
//			for p := range 4 { // the window's places
//				for ky := range 3 {
//					for i := range 3 * c {
//						q[p] += x[(p/2+ky)*row+(2*t+p%2)*c+i] * w[(ky*3*c+i)*cols+ch]
//					}
//				}
//			}
//			y[t*k+ch], code[t*k+ch] = Pool(q, bias[ch])
//		}
//	}
//
// x holds the padded image in rows of pixels of c channels; k is the distance
// between outputs.
func ConvPool(y []float32, code []uint8, k int, x []float32, row, c int, w, bias []float32, n int) {
	if n == 0 {
		return
	}
	_, cols := tileShape()
	mustFit(len(x) >= 3*row+(2*n+2)*c && len(w) >= 9*c*cols && len(bias) >= cols)
	mustFit(len(y) >= (n-1)*k+cols && len(code) >= (n-1)*k+cols)
	convPool(y, code, k, x, row, c, w, bias, n)
}

func convPoolGeneric(y []float32, code []uint8, k int, x []float32, row, c int, w, bias []float32, n int) {
	for t := range n {
		var q [4][genericTile]float32
		for p := range 4 {
			var s0, s1, s2, s3 float32
			for ky := range 3 {
				w := w[ky*3*c*genericTile:]
				for i, v := range x[(p/2+ky)*row+(2*t+p%2)*c:][:3*c] {
					w := w[i*genericTile:][:4]
					s0 += v * w[0]
					s1 += v * w[1]
					s2 += v * w[2]
					s3 += v * w[3]
				}
			}
			q[p] = [4]float32{s0, s1, s2, s3}
		}
		for ch := range genericTile {
			y[t*k+ch], code[t*k+ch] = Pool([4]float32{q[0][ch], q[1][ch], q[2][ch], q[3][ch]}, bias[ch])
		}
	}
}
