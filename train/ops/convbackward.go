package ops

import "github.com/zoetrope-ml/zoetrope/internal/vec"

// gradientBlocks is the number of blocks that a batch's images are divided into:
// each sums its own gradient of the weights, and these are added in order, so
// that the result does not depend on which worker computed which part.
const gradientBlocks = 16

// backwardBuffers are a convolution's buffers of the backward pass.
type backwardBuffers struct {
	weights []float32   // packed for the gradient of the images
	dw, db  [][]float32 // of each block, padded
	block   int         // images in a block
}

// learns tells the convolution that a backward pass will follow each forward
// pass.
func (e *convolution) learns() {
	if e.learning {
		return
	}
	e.learning = true
	e.bias = nil // allocate again
	e.dw, e.db = make([]float32, 9*e.c*e.k), make([]float32, e.k)
	if !e.noInputGradient {
		e.dx = make([]float32, e.n*e.c*e.h*e.w)
	}
}

// lists tells whether the backward pass goes by lists of gradients.
func (e *convolution) lists() bool { return !e.direct || !e.noInputGradient }

func (e *convolution) allocateBack() {
	b := &e.back
	if b.dw != nil {
		return
	}
	b.block = (e.n + gradientBlocks - 1) / gradientBlocks
	for i := 0; i < e.n; i += b.block {
		b.dw = append(b.dw, vec.Aligned(9*e.padC*e.padK))
		b.db = append(b.db, vec.Aligned(e.padK))
	}
	if !e.noInputGradient {
		b.weights = vec.Aligned(9 * e.padC * e.padK)
	}
	for i := range e.own {
		w := &e.own[i]
		if !e.plainOut() {
			w.g = vec.Aligned(e.windows() * e.padK)
		}
		if e.lists() {
			w.routes = vec.NewRoutes(e.high, e.wide, e.padK, e.padC, e.row, e.plane)
		}
		if !e.noInputGradient {
			w.dx = vec.Aligned(e.padded())
		}
	}
}

// backward computes dx, dw and db from the filters and the gradient of y, for the
// images of the last forward pass.
func (e *convolution) backward(w, g []float32) {
	e.allocateBack()
	if !e.noInputGradient {
		vec.ScatterWeights(e.back.weights, w, e.k, e.c, e.padK, e.padC)
	}
	e.g = g
	vec.Parallel(e.workers, len(e.back.dw), e.backwardPiece)
	vec.Parallel(e.workers, e.padK/e.cols, e.reducePiece)
	e.g = nil
}

// backwardBlock does the b-th block of images.
func (e *convolution) backwardBlock(worker, b int) {
	own := &e.own[worker]
	dw, db := e.back.dw[b], e.back.db[b]
	clear(dw)
	clear(db)
	size := e.windows() * e.k
	for i := b * e.back.block; i < min(e.n, (b+1)*e.back.block); i++ {
		g := e.g[i*size : (i+1)*size]
		if !e.plainOut() {
			e.padOut(own.g, g)
			g = own.g
		}
		codes := e.codes[i*e.windows()*e.padK:]
		x := e.images[i*e.padded():][:e.padded()]
		if !e.lists() {
			e.backConvolve(dw, db, g, codes, x)
			continue
		}
		own.routes.Fill(g, codes)
		own.routes.Gather(dw, db, x)
		if !e.noInputGradient {
			clear(own.dx)
			own.routes.Scatter(own.dx, e.back.weights)
			e.unpad(e.dx[i*e.c*e.h*e.w:], own.dx)
		}
	}
}

// backConvolve is the direct method for one image.
func (e *convolution) backConvolve(dw, db, g []float32, codes []uint8, x []float32) {
	for r := range e.high {
		for o := 0; o < e.padK; o += e.cols {
			at := r*e.wide*e.padK + o
			vec.PoolGrad(dw[9*e.padC*o:], db[o:], g[at:], codes[at:], e.padK, x[2*r*e.row:], e.row, e.padC, e.wide)
		}
	}
}

// reducePanel adds up the blocks' gradients of the p-th panel of output channels
// and puts them where the filters and biases have them.
func (e *convolution) reducePanel(_, p int) {
	o, size := p*e.cols, 9*e.padC*e.cols
	dw, db := e.back.dw[0][p*size:][:size], e.back.db[0][o:][:e.cols]
	for b := 1; b < len(e.back.dw); b++ {
		vec.Axpy(1, e.back.dw[b][p*size:][:size], dw)
		vec.Axpy(1, e.back.db[b][o:][:e.cols], db)
	}
	for j := range min(e.cols, e.k-o) {
		e.db[o+j] = db[j]
		for ch := range e.c {
			d := e.dw[((o+j)*e.c+ch)*9:][:9]
			for tap := range d {
				if e.lists() {
					d[tap] = dw[(j*e.padC+ch-ch%e.pixel)*9+tap*e.pixel+ch%e.pixel]
				} else {
					d[tap] = dw[(tap*e.padC+ch)*e.cols+j]
				}
			}
		}
	}
}
