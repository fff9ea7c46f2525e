package vec

// Gather adds to the gradients dw of the weights (k×3×3×c) and db of the biases,
// x being the padded image:
//
//	for ch := range k {
//		for each entry e of channel ch {
//			for ky := range 3 {
//				for i := range 3 * c {
//					dw[(ch*3+ky)*3*c+i] += e.G * x[int(e.At)+ky*row+i]
//				}
//			}
//			db[ch] += e.G
//		}
//	}
func (r *Routes) Gather(dw, db, x []float32) {
	mustFit(len(dw) >= r.k*9*r.c && len(db) >= r.k && len(x) >= (2*r.high+2)*r.row)
	for ch, end := range r.end {
		if list := r.byChannel[ch*r.high*r.wide : end]; len(list) > 0 {
			db[ch] += gather(dw[ch*9*r.c:][:9*r.c], list, x, r.row, r.c)
		}
	}
}

// gatherGeneric does one channel and returns the sum of its gradients.
func gatherGeneric(dw []float32, list []Entry, x []float32, row, c int) (sum float32) {
	for _, e := range list {
		sum += e.G
		for ky := range 3 {
			axpyGeneric(e.G, x[int(e.At)+ky*row:][:3*c], dw[ky*3*c:][:3*c])
		}
	}
	return sum
}
