package vec

// Max-pooling and ReLU let the gradient of a window pass at one place of four,
// or at none. The backward pass of a convolution therefore works on lists of what
// passes.

// Routes holds the gradients of one image's windows that pass: first [Routes.Fill],
// then [Routes.Gather] for the gradient of the weights and [Routes.Scatter] for
// that of the input.
type Routes struct {
	high, wide int // windows
	k          int // output channels, padded
	c          int // input channels, padded
	row, plane int // floats in a row and in a plane of the padded image

	byChannel []Entry  // channel ch's from ch*high*wide; At is the patch in a plane
	end       []uint32 // index in byChannel after each channel's last entry
	byWindow  []Entry  // without gaps; At is the channel's first weight for Scatter
	count     []uint32 // entries of window t at place p: 4*t+p
}

// An Entry is a gradient that passes, and the start of the values that it multiplies: an
// index in floats.
type Entry struct {
	At uint32
	G  float32
}

// NewRoutes makes room for images of high×wide windows and k output channels,
// whose padded input has c channels in planes (see [Planes]) of rows of row
// floats. k must be a multiple of the tile's columns and c of [Lanes].
func NewRoutes(high, wide, k, c, row, plane int) *Routes {
	_, cols := tileShape()
	mustFit(k%cols == 0 && c%Lanes() == 0 && row >= (2*wide+2)*Lanes() && plane >= (2*high+2)*row)
	n := high * wide
	return &Routes{
		high: high, wide: wide, k: k, c: c, row: row, plane: plane,
		byChannel: make([]Entry, k*n), end: make([]uint32, k),
		byWindow: make([]Entry, k*n), count: make([]uint32, 4*n),
	}
}

// Fill makes the lists from the gradients g and codes of an image's windows:
//
//	for t := range high * wide {
//		at := (t/wide)*2*row + (t%wide)*2*lanes
//		for p := range 4 {
//			for ch := range k {
//				if code[t*k+ch] == p {
//					append {at+(p/2)*row+(p%2)*lanes, g[t*k+ch]} to channel ch
//					append {ch*9*lanes, g[t*k+ch]} to window t, place p
//				}
//			}
//		}
//	}
func (r *Routes) Fill(g []float32, code []uint8) {
	n := r.high * r.wide
	mustFit(len(g) >= n*r.k && len(code) >= n*r.k)
	for ch := range r.end {
		r.end[ch] = uint32(ch * n)
	}
	next, lanes := 0, Lanes()
	for y := range r.high {
		t, at := y*r.wide, 2*y*r.row
		places := [4]uint32{uint32(at), uint32(at + lanes), uint32(at + r.row), uint32(at + r.row + lanes)}
		next += route(r, g[t*r.k:], code[t*r.k:], t, next, &places)
	}
}

func routeGeneric(r *Routes, g []float32, code []uint8, first, next int, places *[4]uint32) int {
	start := next
	for t := range r.wide {
		g, code := g[t*r.k:(t+1)*r.k], code[t*r.k:(t+1)*r.k]
		for p := range 4 {
			before, at := next, places[p]+uint32(2*t*genericLanes)
			for ch, q := range code {
				if int(q) != p {
					continue
				}
				r.byWindow[next] = Entry{uint32(ch * 9 * genericLanes), g[ch]}
				next++
				r.byChannel[r.end[ch]] = Entry{at, g[ch]}
				r.end[ch]++
			}
			r.count[4*(first+t)+p] = uint32(next - before)
		}
	}
	return next - start
}
