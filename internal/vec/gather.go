package vec

// Gather adds to the gradients dw of the weights and db of the biases, x being the
// padded image in planes:
//
//	for ch := range k {
//		for each entry e of channel ch {
//			for p, ky, kx, l := range planes×3×3×lanes {
//				dw[((ch*planes+p)*9+ky*3+kx)*lanes+l] += e.G * x[p*plane+int(e.At)+ky*row+kx*lanes+l]
//			}
//			db[ch] += e.G
//		}
//	}
func (r *Routes) Gather(dw, db, x []float32) {
	lanes := Lanes()
	planes := r.c / lanes
	mustFit(len(dw) >= r.k*9*r.c && len(db) >= r.k && len(x) >= planes*r.plane)
	for p := range planes {
		x := x[p*r.plane:]
		for ch, end := range r.end {
			list := r.byChannel[ch*r.high*r.wide : end]
			if len(list) == 0 {
				continue
			}
			sum := gather(dw[(ch*planes+p)*9*lanes:][:9*lanes], list, x, r.row)
			if p == 0 {
				db[ch] += sum
			}
		}
	}
}

// gatherGeneric does one channel and plane; it returns the sum of the gradients.
func gatherGeneric(dw []float32, list []Entry, x []float32, row int) (sum float32) {
	const lanes = genericLanes
	for _, e := range list {
		sum += e.G
		for ky := range 3 {
			axpyGeneric(e.G, x[int(e.At)+ky*row:][:3*lanes], dw[ky*3*lanes:][:3*lanes])
		}
	}
	return sum
}
