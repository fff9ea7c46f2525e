package ops

import "github.com/zoetrope-ml/zoetrope/internal/vec"

// forward computes y from images, filters and biases.
func (e *convolution) forward(x, w, b []float32) {
	e.allocate()
	e.x, e.wt = x, w
	copy(e.bias, b)
	vec.Parallel(e.workers, e.padK/e.cols, e.packPiece)
	vec.Parallel(e.workers, (e.n+e.group-1)/e.group, e.forwardPiece)
	e.x, e.wt = nil, nil
}

// packPanel packs the filters of the p-th panel of output channels: for the
// direct kernel as taps×channels×panel, for Winograd transformed, as
// places×panels×channels×panel.
func (e *convolution) packPanel(_, p int) {
	for o := p * e.cols; o < min(e.k, (p+1)*e.cols); o++ {
		at := o % e.cols
		for ch := range e.c {
			f := e.wt[(o*e.c+ch)*9:][:9]
			if e.direct {
				d := e.weights[p*9*e.padC*e.cols:]
				for tap, v := range f {
					d[(tap*e.padC+ch)*e.cols+at] = v
				}
				continue
			}
			d := e.weights[p*e.c*e.cols:]
			for place, v := range vec.WinogradFilter(f) {
				d[place*e.c*e.padK+ch*e.cols+at] = v
			}
		}
	}
}

// forwardGroup does the i-th group of images.
func (e *convolution) forwardGroup(worker, i int) {
	first := i * e.group
	n := min(e.group, e.n-first)
	own := &e.own[worker]
	images, codes := own.images, own.codes
	if e.learning {
		images = e.images[first*e.padded():]
		codes = e.codes[first*e.windows()*e.padK:]
	}
	y := own.y
	if e.plainOut() {
		y = e.y[first*e.windows()*e.k:]
	}
	for j := range n {
		e.pad(images[j*e.padded():], e.x[(first+j)*e.c*e.h*e.w:])
	}
	if e.direct {
		e.convolve(y, codes, images, n)
	} else {
		e.winograd(own, y, codes, images, n)
	}
	if !e.plainOut() {
		for j := range n {
			e.unpadOut(e.y[(first+j)*e.windows()*e.k:], y[j*e.windows()*e.padK:])
		}
	}
}

// convolve is the direct method for n images.
func (e *convolution) convolve(y []float32, codes []uint8, images []float32, n int) {
	for r := range n * e.high {
		x := images[r/e.high*e.padded()+r%e.high*2*e.row:]
		for o := 0; o < e.padK; o += e.cols {
			at := r*e.wide*e.padK + o
			vec.ConvPool(y[at:], codes[at:], e.padK, x, e.row, e.padC, e.weights[9*e.padC*o:], e.bias[o:], e.wide)
		}
	}
}

// winograd takes the windows of n images in blocks: transform their patches,
// multiply, transform back and pool.
func (e *convolution) winograd(own *workspace, y []float32, codes []uint8, images []float32, n int) {
	block, windows := e.block(), e.windows()
	vStep, mStep := block*e.padC, block*e.padK
	for first := 0; first < n*windows; first += block {
		size := min(block, n*windows-first)
		for t := first; t < first+size; {
			r, col := t%windows/e.wide, t%e.wide
			side := min(e.wide-col, first+size-t)
			x := images[t/windows*e.padded()+2*r*e.row+2*col*e.pixel:]
			vec.WinogradInput(own.v[(t-first)*e.padC:], vStep, x, e.row, e.plane, e.padC, side)
			t += side
		}
		for p := range vec.WinogradPlaces {
			vec.Tiles(own.m[p*mStep:], e.padK, own.v[p*vStep:], e.padC, size, e.c, e.weights[p*e.c*e.padK:], e.padK)
		}
		at := first * e.padK
		vec.WinogradOutput(y[at:], codes[at:], own.m, mStep, e.bias, e.padK, size)
	}
}
