package vec

// Dead is the code of a pooling window whose output the ReLU has cut to zero: no
// gradient passes it. The other codes, 0 to 3, tell which of the window's four
// places, row by row, had the largest value and so receives the gradient.
const Dead = 4

// Pool is bias, ReLU and 2×2 max-pooling of one window's four values, and the
// window's code. Of equal values the first counts, as in other frameworks.
func Pool(q [4]float32, bias float32) (y float32, code uint8) {
	best := q[0]
	for p, v := range q[1:] {
		if v > best {
			best, code = v, uint8(p+1)
		}
	}
	if y = best + bias; y <= 0 {
		return 0, Dead
	}
	return y, code
}

// mustFit panics when a kernel's slices are shorter than its sizes say.
func mustFit(ok bool) {
	if !ok {
		panic("vec: slice too short, or channels not padded to whole vectors")
	}
}
