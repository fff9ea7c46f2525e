package vec

// Scatter adds to the gradient dx of the padded image in planes, with weights w as
// [ScatterWeights] packs them:
//
//	for t := range high * wide {
//		for each entry e of window t at place q {
//			for p, ky, kx, l := range planes×3×3×lanes {
//				dx[p*plane+(2*(t/wide)+q/2+ky)*row+(2*(t%wide)+q%2+kx)*lanes+l] +=
//					e.G * w[p*k*9*lanes+int(e.At)+(ky*3+kx)*lanes+l]
//			}
//		}
//	}
func (r *Routes) Scatter(dx, w []float32) {
	lanes := Lanes()
	planes := r.c / lanes
	mustFit(len(w) >= 9*r.k*r.c && len(dx) >= planes*r.plane)
	for p := range planes {
		list, count := r.byWindow, r.count
		for y := range r.high {
			scatter(dx[p*r.plane+2*y*r.row:], r.row, r.wide, list, count, w[p*9*r.k*lanes:])
			for _, n := range count[:4*r.wide] {
				list = list[n:]
			}
			count = count[4*r.wide:]
		}
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

// scatterGeneric does one row of n windows and one plane.
func scatterGeneric(dx []float32, row, n int, list []Entry, count []uint32, w []float32) {
	const lanes = genericLanes
	for t := range n {
		for p := range 4 {
			for range count[4*t+p] {
				e := list[0]
				list = list[1:]
				for ky := range 3 {
					d := dx[(p/2+ky)*row+(2*t+p%2)*lanes:][:3*lanes]
					axpyGeneric(e.G, w[int(e.At)+ky*3*lanes:][:3*lanes], d)
				}
			}
		}
	}
}
