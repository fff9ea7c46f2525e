package vec

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// A convCase is a small convolution in the kernels' layout: an image of high×wide
// windows, c input channels (padded to padC) and k output channels (to padK).
type convCase struct {
	high, wide, c, k, padC, padK int
	pixel, row, plane            int // distances in x; pixel is the lanes of a plane, or c

	x    []float32 // planes of (2·high+2) rows of (2·wide+2) pixels
	w    []float32 // k×c×3×3
	bias []float32 // padK

	y    []float32 // high·wide × padK, by the definition
	code []uint8
	g    []float32 // the gradient of y
}

// newConvCase makes one with its image in planes of pixel channels.
func newConvCase(t *testing.T, high, wide, c, k, pixel int) *convCase {
	_, cols := tileShape()
	cc := &convCase{high: high, wide: wide, c: c, k: k, pixel: pixel}
	cc.padC, cc.padK = (c+pixel-1)/pixel*pixel, (k+cols-1)/cols*cols
	cc.row = (2*wide + 2) * pixel
	cc.plane = (2*high + 2) * cc.row
	cc.x = guarded(t, cc.padC/pixel*cc.plane)
	values := fill(make([]float32, len(cc.x)), 1)
	for i := range cc.x {
		if i/cc.plane*pixel+i%pixel < c {
			cc.x[i] = values[i]
		}
	}
	cc.w = fill(make([]float32, 9*c*k), 2)
	cc.bias = guarded(t, cc.padK)
	fill(cc.bias[:k], 3)
	n := high * wide
	cc.y, cc.code, cc.g = guarded(t, n*cc.padK), make([]uint8, n*cc.padK), guarded(t, n*cc.padK)
	fill(cc.g, 4)
	for i := range n {
		for ch := range cc.padK {
			var q [4]float32
			if ch < k {
				for p := range q {
					var s float64
					for tap := range 9 {
						for j := range c {
							s += float64(cc.x[cc.at(i, p, tap, j)]) * float64(cc.w[(ch*c+j)*9+tap])
						}
					}
					q[p] = float32(s)
				}
			}
			cc.y[i*cc.padK+ch], cc.code[i*cc.padK+ch] = Pool(q, cc.bias[ch])
		}
	}
	return cc
}

// at is the index in x of what tap and channel j of window t meet at place p.
func (cc *convCase) at(t, p, tap, j int) int {
	return j/cc.pixel*cc.plane + (2*(t/cc.wide)+p/2+tap/3)*cc.row + (2*(t%cc.wide)+p%2+tap%3)*cc.pixel + j%cc.pixel
}

func (cc *convCase) String() string {
	return fmt.Sprintf("%d×%d windows, %d to %d channels", cc.high, cc.wide, cc.c, cc.k)
}

// check compares outputs and codes. Where two places are within rounding of each
// other the code may differ.
func (cc *convCase) check(t *testing.T, kernel string, y []float32, code []uint8) {
	t.Helper()
	scale := math.Sqrt(float64(9*cc.c)) * 4
	differ := 0
	for i := range cc.y {
		if !near(float64(y[i]), float64(cc.y[i]), scale, 1e-6) {
			t.Fatalf("%s, %v: y[%d][%d] = %v, want %v", kernel, cc, i/cc.padK, i%cc.padK, y[i], cc.y[i])
		}
		if code[i] != cc.code[i] {
			differ++
		}
	}
	if differ*1000 > len(code) {
		t.Errorf("%s, %v: %d of %d codes differ", kernel, cc, differ, len(code))
	}
}

func TestConvPool(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		_, cols := tileShape()
		for _, s := range [][4]int{{1, 1, 1, 1}, {2, 3, 1, 32}, {1, 14, 1, 10}, {3, 5, 3, 33}, {2, 2, 7, 64}, {1, 7, 5, 5}} {
			cc := newConvCase(t, s[0], s[1], s[2], s[3], s[2])
			y, code := guarded(t, len(cc.y)), make([]uint8, len(cc.code))
			for o := 0; o < cc.padK; o += cols {
				w := guarded(t, 9*cc.c*cols)
				for ch := o; ch < min(o+cols, cc.k); ch++ {
					for j := range cc.c {
						for tap := range 9 {
							w[(tap*cc.c+j)*cols+ch-o] = cc.w[(ch*cc.c+j)*9+tap]
						}
					}
				}
				for r := range cc.high {
					at := r*cc.wide*cc.padK + o
					ConvPool(y[at:], code[at:], cc.padK, cc.x[2*r*cc.row:], cc.row, cc.c, w, cc.bias[o:], cc.wide)
				}
			}
			cc.check(t, "ConvPool", y, code)
		}
	})
}

func TestWinograd(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rows, cols := tileShape()
		for _, s := range [][4]int{{1, 1, 1, 1}, {2, 3, 8, 32}, {1, 7, 32, 64}, {3, 2, 20, 33}, {2, 9, 48, 10}} {
			cc := newConvCase(t, s[0], s[1], s[2], s[3], Lanes())
			padC := cc.padC
			n := cc.high * cc.wide
			whole := (n + rows - 1) / rows * rows
			u := make([]float32, WinogradPlaces*cc.padK*padC)
			for o := range cc.k {
				for j := range cc.c {
					for p, v := range WinogradFilter(cc.w[(o*cc.c+j)*9:]) {
						u[p*cc.padK*padC+(o/cols*padC+j)*cols+o%cols] = v
					}
				}
			}
			v, m := guarded(t, WinogradPlaces*whole*padC), guarded(t, WinogradPlaces*whole*cc.padK)
			for r := range cc.high {
				WinogradInput(v[r*cc.wide*padC:], whole*padC, cc.x[2*r*cc.row:], cc.row, cc.plane, padC, cc.wide)
			}
			for p := range WinogradPlaces {
				Tiles(m[p*whole*cc.padK:], cc.padK, v[p*whole*padC:], padC, n, padC, u[p*cc.padK*padC:], cc.padK)
			}
			y, code := guarded(t, len(cc.y)), make([]uint8, len(cc.code))
			WinogradOutput(y, code, m, whole*cc.padK, cc.bias, cc.padK, n)
			cc.check(t, "Winograd", y, code)
		}
	})
}

func TestPoolGrad(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		_, cols := tileShape()
		for _, s := range [][4]int{{1, 1, 1, 1}, {2, 3, 1, 32}, {1, 14, 1, 10}, {3, 5, 3, 33}} {
			cc := newConvCase(t, s[0], s[1], s[2], s[3], s[2])
			dw, db, _ := cc.gradients()
			for o := 0; o < cc.padK; o += cols {
				got, sum := guarded(t, 9*cc.c*cols), guarded(t, cols)
				for r := range cc.high {
					at := r*cc.wide*cc.padK + o
					PoolGrad(got, sum, cc.g[at:], cc.code[at:], cc.padK, cc.x[2*r*cc.row:], cc.row, cc.c, cc.wide)
				}
				for ch := o; ch < min(o+cols, cc.k); ch++ {
					if !near(float64(sum[ch-o]), db[ch], 10, 1e-6) {
						t.Errorf("PoolGrad, %v: db[%d] = %v, want %v", cc, ch, sum[ch-o], db[ch])
					}
					for i := range 9 * cc.c {
						if v, want := got[i*cols+ch-o], dw[ch*9*cc.c+i]; !near(float64(v), want, 10, 1e-6) {
							t.Errorf("PoolGrad, %v: dw[%d][%d] = %v, want %v", cc, ch, i, v, want)
						}
					}
				}
			}
		}
	})
}

func TestRoutes(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for _, s := range [][4]int{{1, 1, 1, 1}, {2, 3, 8, 32}, {7, 7, 32, 64}, {3, 2, 20, 97}, {2, 9, 48, 10}, {1, 2, 70, 130}} {
			cc := newConvCase(t, s[0], s[1], s[2], s[3], Lanes())
			padC := cc.padC
			dw, db, dx := cc.gradients()
			r := NewRoutes(cc.high, cc.wide, cc.padK, padC, cc.row, cc.plane)
			gotW, gotB, gotX := guarded(t, 9*padC*cc.padK), guarded(t, cc.padK), guarded(t, len(cc.x))
			w := guarded(t, 9*padC*cc.padK)
			ScatterWeights(w, cc.w, cc.k, cc.c, cc.padK, padC)
			for range 2 { // a second image adds to the sums
				r.Fill(cc.g, cc.code)
				r.Gather(gotW, gotB, cc.x)
				r.Scatter(gotX, w)
			}
			compare := func(name string, got []float32, want []float64) {
				t.Helper()
				for i, v := range got {
					if !near(float64(v), 2*want[i], 100, 2e-6) {
						t.Fatalf("%s, %v: [%d] = %v, want %v", name, cc, i, v, 2*want[i])
					}
				}
			}
			compare("Gather dw", gotW, dw)
			compare("Gather db", gotB, db)
			compare("Scatter", gotX, dx)
		}
	})
}

// gradients are those of the weights (padK×planes×3×3×lanes), biases and image by the
// definition.
func (cc *convCase) gradients() (dw, db, dx []float64) {
	dw, db, dx = make([]float64, 9*cc.padC*cc.padK), make([]float64, cc.padK), make([]float64, len(cc.x))
	for i, g := range cc.g {
		t, ch, p := i/cc.padK, i%cc.padK, int(cc.code[i])
		if p == Dead {
			continue
		}
		db[ch] += float64(g)
		for tap := range 9 {
			for j := range cc.c {
				at := cc.at(t, p, tap, j)
				dw[((ch*cc.padC+j/cc.pixel*cc.pixel)*9)+tap*cc.pixel+j%cc.pixel] += float64(g) * float64(cc.x[at])
				dx[at] += float64(g) * float64(cc.w[(ch*cc.c+j)*9+tap])
			}
		}
	}
	return dw, db, dx
}

func TestAdam(t *testing.T) {
	s := NewAdamStep(3, 1e-2, 0.9, 0.999, 1e-8)
	eachLevel(t, func(t *testing.T) {
		for n := range maxLen + 1 {
			w, m, v, g := guarded(t, n), guarded(t, n), guarded(t, n), guarded(t, n)
			for i, x := range [][]float32{w, m, v, g} {
				fill(x, uint64(i))
			}
			for i := range v {
				v[i] *= v[i]
			}
			want := make([]float64, n)
			for i := range g {
				d := float64(g[i])
				m1, v1 := 0.9*float64(m[i])+0.1*d, 0.999*float64(v[i])+0.001*d*d
				want[i] = float64(w[i]) - 1e-2*(m1/(1-math.Pow(0.9, 3)))/(math.Sqrt(v1/(1-math.Pow(0.999, 3)))+1e-8)
			}
			Adam(&s, w, m, v, g)
			for i := range w {
				if !near(float64(w[i]), want[i], math.Abs(want[i])+0.1, 1e-6) {
					t.Errorf("Adam(n=%d): w[%d] = %v, want %v", n, i, w[i], want[i])
				}
			}
		}
	})
}

func TestPlanes(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		lanes := Lanes()
		for c := 1; c <= 50; c++ {
			for n := 1; n <= 5; n++ {
				plane := n*lanes + 3
				x := fill(guarded(t, n*c), 1)
				in := guarded(t, (c-1)/lanes*plane+n*lanes)
				Planes(in, plane, x, c, n)
				for i := range n {
					for ch := range c {
						if in[ch/lanes*plane+i*lanes+ch%lanes] != x[i*c+ch] {
							t.Fatalf("Planes(c=%d, n=%d): pixel %d, channel %d differs", c, n, i, ch)
						}
					}
				}
				out := guarded(t, n*c)
				Unplanes(out, c, in, plane, n)
				if !slices.Equal(out, x) {
					t.Fatalf("Unplanes(c=%d, n=%d) differs", c, n)
				}
			}
		}
	})
}
