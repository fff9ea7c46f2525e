package vec

// PoolGrad adds the gradients of n pooled outputs side by side to those of the
// weights and biases, for one panel of output channels (as many as a tile has
// columns). It serves convolutions of few input channels, for which lists do not
// pay:
//
//	for t := range n {
//		for ch := range cols {
//			p := code[t*k+ch]
//			if p == Dead {
//				continue
//			}
//			for ky, kx := range 3×3, i := range c {
//				dw[((ky*3+kx)*c+i)*cols+ch] += g[t*k+ch] * x[(p/2+ky)*row+(2*t+p%2+kx)*c+i]
//			}
//			db[ch] += g[t*k+ch]
//		}
//	}
func PoolGrad(dw, db, g []float32, code []uint8, k int, x []float32, row, c, n int) {
	if n == 0 {
		return
	}
	_, cols := tileShape()
	mustFit(len(x) >= 3*row+(2*n+2)*c && len(dw) >= 9*c*cols && len(db) >= cols)
	mustFit(len(g) >= (n-1)*k+cols && len(code) >= (n-1)*k+cols)
	poolGrad(dw, db, g, code, k, x, row, c, n)
}

func poolGradGeneric(dw, db, g []float32, code []uint8, k int, x []float32, row, c, n int) {
	const cols = genericTile
	for t := range n {
		for ch := range cols {
			p := int(code[t*k+ch])
			if p == Dead {
				continue
			}
			v := g[t*k+ch]
			db[ch] += v
			for tap := range 9 {
				x := x[(p/2+tap/3)*row+(2*t+p%2+tap%3)*c:][:c]
				for i, u := range x {
					dw[(tap*c+i)*cols+ch] += v * u
				}
			}
		}
	}
}
