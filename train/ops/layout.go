package ops

import "github.com/zoetrope-ml/zoetrope/internal/vec"

// pad copies one image into its padded place, whose border is zero already.
func (e *convolution) pad(dst, x []float32) {
	high, wide := min(e.h, 2*e.high+1), min(e.w, 2*e.wide+1) // what windows reach of an odd side
	if e.in == ChannelsFirst && e.c > 1 {
		for r := range high {
			vec.Transpose(dst[(r+1)*e.row+e.padC:], e.padC, x[r*e.w:], e.h*e.w, e.c, wide)
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
	if e.in == ChannelsFirst && e.c > 1 {
		for r := range high {
			vec.Transpose(dx[r*e.w:], e.h*e.w, src[(r+1)*e.row+e.padC:], e.padC, wide, e.c)
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
	if e.out == ChannelsFirst {
		vec.Transpose(y, n, src, e.padK, n, e.k)
		return
	}
	for t := range n {
		copy(y[t*e.k:(t+1)*e.k], src[t*e.padK:])
	}
}

// padOut is the inverse of unpadOut, for gradients.
func (e *convolution) padOut(dst, g []float32) {
	n := e.windows()
	if e.out == ChannelsFirst {
		vec.Transpose(dst, e.padK, g, n, e.k, n)
		return
	}
	for t := range n {
		copy(dst[t*e.padK:], g[t*e.k:(t+1)*e.k])
	}
}
