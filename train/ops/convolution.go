package ops

import "github.com/zoetrope-ml/zoetrope/internal/vec"

// thin is the number of input channels below which a convolution is computed
// directly: Winograd's transforms and lists of gradients pay per channel pair.
const thin = 8

// convolution is the engine of one ConvPool: sizes, packed weights and buffers.
// Inside, an image has a border of zeros, so that the patch of every window lies
// within it, and is in planes of channels (see [vec.Planes]); outputs are rows of
// padK channels.
type convolution struct {
	n, c, k, h, w   int
	in, out         Layout
	noInputGradient bool
	workers         int
	learning        bool // whether there will be a backward pass

	high, wide int // windows
	rows, cols int // of a tile
	direct     bool
	padC, padK int
	pixel      int // channels of a plane: the lanes of a vector, or all where few are computed directly
	row, plane int // floats in a row and in a plane of a padded image

	images  []float32 // padded, while learning: the backward pass reads them again
	codes   []uint8   // which place of each window won, while learning
	weights []float32 // packed for the forward pass
	bias    []float32 // padK
	group   int       // images in a piece of forward work
	own     []workspace

	y          []float32
	x, wt, g   []float32 // of the run at hand
	dx, dw, db []float32
	back       backwardBuffers

	forwardPiece, packPiece, backwardPiece, reducePiece func(worker, i int)
}

// workspace is the scratch memory of one worker.
type workspace struct {
	images []float32 // of a group, unless learning
	codes  []uint8
	y      []float32 // of a group, where the result has another layout
	v, m   []float32 // Winograd's transformed block and products

	g, dx  []float32 // one image's
	routes *vec.Routes
}

func newConvolution(n, c, k, h, w int, o ConvOptions) *convolution {
	e := &convolution{
		n: n, c: c, k: k, h: h, w: w, in: o.In, out: o.Out,
		noInputGradient: o.NoInputGradient, workers: vec.Workers(o.Workers),
		high: h / 2, wide: w / 2, direct: c < thin,
	}
	e.forwardPiece, e.packPiece = e.forwardGroup, e.packPanel
	e.backwardPiece, e.reducePiece = e.backwardBlock, e.reducePanel
	return e
}

func (e *convolution) windows() int { return e.high * e.wide }

// padded is the size of a padded image.
func (e *convolution) padded() int { return e.padC / e.pixel * e.plane }

// block is the number of windows that Winograd's products take at once: their
// transforms, 16 times the channels, stay in the second-level cache.
func (e *convolution) block() int { return min(4*e.rows, up(e.group*e.windows(), e.rows)) }

// up rounds n up to a multiple of m.
func up(n, m int) int { return (n + m - 1) / m * m }

// allocate makes the buffers of the forward pass, once it is known whether a
// backward pass will follow.
func (e *convolution) allocate() {
	if e.bias != nil {
		return
	}
	e.rows, e.cols = vec.TileShape()
	e.padK = up(e.k, e.cols)
	e.pixel = vec.Lanes()
	if e.direct && !(e.learning && !e.noInputGradient) {
		e.pixel = e.c
	}
	e.padC = up(e.c, e.pixel)
	e.row = (2*e.wide + 2) * e.pixel
	e.plane = (2*e.high + 2) * e.row
	e.group = 1
	for !e.direct && e.group < min(e.n, 8) && up(e.group*e.windows(), e.rows)*16 > e.group*e.windows()*17 {
		e.group++ // until at most a sixteenth of the last tile's rows is for nothing
	}
	e.bias = vec.Aligned(e.padK)
	if e.direct {
		e.weights = vec.Aligned(9 * e.padC * e.padK)
	} else {
		e.weights = vec.Aligned(vec.WinogradPlaces * e.c * e.padK)
	}
	if e.learning {
		e.images = vec.Aligned(e.n * e.padded())
		e.codes = make([]uint8, e.n*e.windows()*e.padK)
	}
	e.own = make([]workspace, e.workers)
	for i := range e.own {
		w := &e.own[i]
		n := e.group * e.windows()
		if !e.learning {
			w.images = vec.Aligned(e.group * e.padded())
			w.codes = make([]uint8, n*e.padK)
		}
		if !e.plainOut() {
			w.y = vec.Aligned(n * e.padK)
		}
		if !e.direct {
			w.v = vec.Aligned(vec.WinogradPlaces * e.block() * e.padC)
			w.m = vec.Aligned(vec.WinogradPlaces * e.block() * e.padK)
		}
	}
}

// plainOut tells whether the result has the kernels' own layout.
func (e *convolution) plainOut() bool { return e.out == ChannelsLast && e.padK == e.k }
