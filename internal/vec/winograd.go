package vec

// Winograd's F(2×2, 3×3) computes a 2×2 block of a 3×3 convolution, here the
// block that one max-pooling window covers, by 16 products per channel pair
// instead of 36 (Lavin and Gray, Fast Algorithms for Convolutional Neural
// Networks, 2015):
//
//	Y = Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A
//
// d is the 4×4 patch under the window, g the 3×3 filter. Summed over input
// channels, ∘ becomes 16 matrix products, one per place in the 4×4 block.

// WinogradPlaces is the number of products: the places of a 4×4 block.
const WinogradPlaces = 16

// WinogradInput transforms n patches that lie side by side, as pooling windows do,
// of an image in planes (see [Planes]):
//
//	for t := range n {
//		for ch := range c {
//			d[i][j] = x[ch/lanes*plane+i*row+(2*t+j)*lanes+ch%lanes]
//			v[(4*i+j)*step+t*c+ch] = (Bᵀ d B)[i][j]
//		}
//	}
//
// c must be a multiple of lanes.
func WinogradInput(v []float32, step int, x []float32, row, plane, c, n int) {
	if n == 0 {
		return
	}
	lanes := Lanes()
	mustFit(c%lanes == 0 && len(v) >= 15*step+n*c)
	mustFit(len(x) >= (c/lanes-1)*plane+3*row+(2*n+2)*lanes)
	for ch := 0; ch < c; ch += lanes {
		winogradInput(v[ch:], step, c, x[ch/lanes*plane:], row, n)
	}
}

func winogradInputGeneric(v []float32, step, window int, x []float32, row, n int) {
	for t := range n {
		for ch := range genericLanes {
			var b [4][4]float32
			for j := range 4 {
				at := (2*t+j)*genericLanes + ch
				d0, d1, d2, d3 := x[at], x[row+at], x[2*row+at], x[3*row+at]
				b[0][j], b[1][j], b[2][j], b[3][j] = d0-d2, d1+d2, d2-d1, d1-d3
			}
			at := t*window + ch
			for i := range 4 {
				r := &b[i]
				v[4*i*step+at] = r[0] - r[2]
				v[(4*i+1)*step+at] = r[1] + r[2]
				v[(4*i+2)*step+at] = r[2] - r[1]
				v[(4*i+3)*step+at] = r[1] - r[3]
			}
		}
	}
}

// WinogradFilter transforms one 3×3 filter: it returns G g Gᵀ, row by row.
func WinogradFilter(g []float32) (u [WinogradPlaces]float32) {
	var b [4][3]float32
	for j := range 3 {
		g0, g1, g2 := g[j], g[3+j], g[6+j]
		b[0][j], b[1][j], b[2][j], b[3][j] = g0, (g0+g1+g2)/2, (g0-g1+g2)/2, g2
	}
	for i := range 4 {
		g0, g1, g2 := b[i][0], b[i][1], b[i][2]
		u[4*i], u[4*i+1], u[4*i+2], u[4*i+3] = g0, (g0+g1+g2)/2, (g0-g1+g2)/2, g2
	}
	return u
}

// WinogradOutput transforms n blocks back and pools each: with
//
//	Y = Aᵀ m[·] A, m[i][j] = m[(4*i+j)*step+t*k+ch]
//
// it sets y[t*k+ch] and code[t*k+ch] from the four values of Y and bias[ch] as
// [Pool] says. k must be a multiple of a tile's columns.
func WinogradOutput(y []float32, code []uint8, m []float32, step int, bias []float32, k, n int) {
	if n == 0 {
		return
	}
	_, cols := tileShape()
	mustFit(k%cols == 0)
	mustFit(len(m) >= 15*step+n*k && len(y) >= n*k && len(code) >= n*k && len(bias) >= k)
	winogradOutput(y, code, m, step, bias, k, n)
}

func winogradOutputGeneric(y []float32, code []uint8, m []float32, step int, bias []float32, k, n int) {
	for t := range n {
		for ch := range k {
			at := t*k + ch
			var b [2][4]float32
			for j := range 4 {
				m0, m1, m2, m3 := m[j*step+at], m[(4+j)*step+at], m[(8+j)*step+at], m[(12+j)*step+at]
				b[0][j], b[1][j] = m0+m1+m2, m1-m2-m3
			}
			var q [4]float32
			for i := range 2 {
				r := &b[i]
				q[2*i], q[2*i+1] = r[0]+r[1]+r[2], r[1]-r[2]-r[3]
			}
			y[at], code[at] = Pool(q, bias[ch])
		}
	}
}
