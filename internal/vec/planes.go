package vec

// The convolution kernels want the image of each vector of channels by itself,
// so that it fits the first-level cache: an image is planes of [Lanes] channels,
// each of them rows of pixels of lanes floats.

// Planes copies a row of n pixels of c channels into planes, dst being the first
// pixel's place in the first plane:
//
//	for i := range n {
//		for ch := range c {
//			dst[ch/lanes*plane+i*lanes+ch%lanes] = x[i*c+ch]
//		}
//	}
func Planes(dst []float32, plane int, x []float32, c, n int) {
	lanes := Lanes()
	if n == 0 || c == 0 {
		return
	}
	mustFit(len(x) >= n*c && len(dst) >= (c-1)/lanes*plane+n*lanes)
	for ch := 0; ch < c; ch += lanes {
		d := dst[ch/lanes*plane:]
		if ch+lanes <= c {
			copyVectors(n, d, lanes, x[ch:], c)
			continue
		}
		for i := range n {
			copy(d[i*lanes:], x[i*c+ch:(i+1)*c])
		}
	}
}

// Unplanes is the inverse of [Planes]: it copies n pixels of c channels out of
// planes.
func Unplanes(dst []float32, c int, x []float32, plane, n int) {
	lanes := Lanes()
	if n == 0 || c == 0 {
		return
	}
	mustFit(len(dst) >= n*c && len(x) >= (c-1)/lanes*plane+n*lanes)
	for ch := 0; ch < c; ch += lanes {
		s := x[ch/lanes*plane:]
		if ch+lanes <= c {
			copyVectors(n, dst[ch:], c, s, lanes)
			continue
		}
		for i := range n {
			copy(dst[i*c+ch:(i+1)*c], s[i*lanes:])
		}
	}
}

func copyVectorsGeneric(n int, dst []float32, ldd int, x []float32, ldx int) {
	for i := range n {
		copy(dst[i*ldd:][:genericLanes], x[i*ldx:][:genericLanes])
	}
}
