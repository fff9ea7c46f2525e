package vec

// Scatter adds to the gradient dx of the padded image, with weights w as
// [ScatterWeights] packs them:
//
//	for t := range high * wide {
//		for each entry e of window t at place p {
//			for ky, kx := range 3×3, ch := range c {
//				dx[(2*(t/wide)+p/2+ky)*row+(2*(t%wide)+p%2+kx)*c+ch] += e.G * w[channel of e][ky][kx][ch]
//			}
//		}
//	}
func (r *Routes) Scatter(dx, w []float32) {
	mustFit(len(w) >= 9*r.k*r.c && len(dx) >= (2*r.high+2)*r.row)
	lanes := Lanes()
	list, count := r.byWindow, r.count
	for y := range r.high {
		for ch := 0; ch < r.c; ch += lanes {
			scatter(dx[2*y*r.row+ch:], r.row, r.c, r.wide, list, count, w[9*r.k*ch:])
		}
		for _, n := range count[:4*r.wide] {
			list = list[n:]
		}
		count = count[4*r.wide:]
	}
}

// ScatterWeights packs filters stored as k×c×3×3, for padK output and padC input
// channels; dst must be zero where either is padding:
//
//	dst[((ch/lanes*padK+o)*9+tap)*lanes+ch%lanes] = w[(o*c+ch)*9+tap]
func ScatterWeights(dst, w []float32, k, c, padK, padC int) {
	lanes := Lanes()
	mustFit(len(dst) >= 9*padK*padC && len(w) >= 9*k*c)
	for o := range k {
		for ch := range c {
			d := dst[(ch/lanes*padK+o)*9*lanes+ch%lanes:]
			for tap, v := range w[(o*c+ch)*9:][:9] {
				d[tap*lanes] = v
			}
		}
	}
}

// scatterGeneric does one row of n windows and one vector of channels.
func scatterGeneric(dx []float32, row, c, n int, list []Entry, count []uint32, w []float32) {
	const lanes = genericTile
	for t := range n {
		for p := range 4 {
			for range count[4*t+p] {
				e := list[0]
				list = list[1:]
				for tap := range 9 {
					d := dx[(p/2+tap/3)*row+(2*t+p%2+tap%3)*c:][:lanes]
					axpyGeneric(e.G, w[int(e.At)+tap*lanes:][:lanes], d)
				}
			}
		}
	}
}
