package ops

// pad copies one image into its padded place, whose border is zero already.
func (e *convolution) pad(dst, x []float32) {
	high, wide := min(e.h, 2*e.high+1), min(e.w, 2*e.wide+1) // what windows reach of an odd side
	if e.in == ChannelsFirst {
		for ch := range e.c {
			for r := range high {
				d := dst[(r+1)*e.row+e.padC+ch:]
				for col, v := range x[(ch*e.h+r)*e.w:][:wide] {
					d[col*e.padC] = v
				}
			}
		}
		return
	}
	for r := range high {
		d, s := dst[(r+1)*e.row+e.padC:], x[r*e.w*e.c:]
		if e.c == e.padC {
			copy(d[:wide*e.c], s)
			continue
		}
		for col := range wide {
			copy(d[col*e.padC:][:e.c], s[col*e.c:])
		}
	}
}

// unpad copies the gradient of one padded image to that of the image. What no
// window reaches has none.
func (e *convolution) unpad(dx, src []float32) {
	high, wide := min(e.h, 2*e.high+1), min(e.w, 2*e.wide+1)
	if e.in == ChannelsFirst {
		for ch := range e.c {
			for r := range high {
				s := src[(r+1)*e.row+e.padC+ch:]
				for col := range wide {
					dx[(ch*e.h+r)*e.w+col] = s[col*e.padC]
				}
			}
		}
		return
	}
	for r := range high {
		d, s := dx[r*e.w*e.c:], src[(r+1)*e.row+e.padC:]
		if e.c == e.padC {
			copy(d[:wide*e.c], s)
			continue
		}
		for col := range wide {
			copy(d[col*e.c:][:e.c], s[col*e.padC:])
		}
	}
}

// unpadOut copies one image's outputs from the kernels' layout to the result's.
func (e *convolution) unpadOut(y, src []float32) {
	n := e.windows()
	for t := range n {
		s := src[t*e.padK:][:e.k]
		if e.out == ChannelsLast {
			copy(y[t*e.k:], s)
			continue
		}
		for ch, v := range s {
			y[ch*n+t] = v
		}
	}
}

// padOut is the inverse of unpadOut, for gradients.
func (e *convolution) padOut(dst, g []float32) {
	n := e.windows()
	for t := range n {
		d := dst[t*e.padK:][:e.k]
		if e.out == ChannelsLast {
			copy(d, g[t*e.k:])
			continue
		}
		for ch := range d {
			d[ch] = g[ch*n+t]
		}
	}
}
