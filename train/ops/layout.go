package ops

import "github.com/zoetrope-ml/zoetrope/internal/vec"

// pad copies one image into its padded place, whose border is zero already.
func (e *convolution) pad(dst, x []float32) {
	high, wide := min(e.h, 2*e.high+1), min(e.w, 2*e.wide+1) // what windows reach of an odd side
	for r := range high {
		d := dst[(r+1)*e.row+e.pixel:]
		switch {
		case e.c == 1 && e.pixel == 1:
			copy(d[:wide], x[r*e.w:])
		case e.pixel == e.c && e.in == ChannelsLast:
			copy(d[:wide*e.c], x[r*e.w*e.c:])
		case e.in == ChannelsLast:
			vec.Planes(d, e.plane, x[r*e.w*e.c:], e.c, wide)
		default:
			for ch := 0; ch < e.c; ch += e.pixel {
				vec.Transpose(d[ch/e.pixel*e.plane:], e.pixel, x[(ch*e.h+r)*e.w:], e.h*e.w, min(e.pixel, e.c-ch), wide)
			}
		}
	}
}

// unpad copies the gradient of one padded image to that of the image. What no
// window reaches has none. It is not for convolutions without planes, whose input
// has no gradient.
func (e *convolution) unpad(dx, src []float32) {
	high, wide := min(e.h, 2*e.high+1), min(e.w, 2*e.wide+1)
	for r := range high {
		s := src[(r+1)*e.row+e.pixel:]
		if e.in == ChannelsLast {
			vec.Unplanes(dx[r*e.w*e.c:], e.c, s, e.plane, wide)
			continue
		}
		for ch := 0; ch < e.c; ch += e.pixel {
			vec.Transpose(dx[(ch*e.h+r)*e.w:], e.h*e.w, s[ch/e.pixel*e.plane:], e.pixel, wide, min(e.pixel, e.c-ch))
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
