package vec

import "math"

// A Curve is a function of the squared distance between two points, tabulated
// as straight pieces over u = d² + 2⁻¹⁶. Pieces are 1/64 of a power of two
// wide, so that the leading bits of the float say which it is: a smooth
// function is off by less than 1e-4 of itself, at a fraction of pow's time.
type Curve [curvePieces]curvePiece

// A curvePiece is at0 + slope·u.
type curvePiece struct{ at0, slope float32 }

const (
	curveLeast   = 1.0 / 65536
	curveOctaves = 32 // u < 2¹⁶; beyond, the function stays as at the end
	curvePieces  = curveOctaves * 64
	curveLowest  = (127 - curveOctaves/2) << 6 // the leading bits of the least u
	curveShift   = 17                          // bits of u that are not leading ones
)

// NewCurve tabulates f, which must be finite at all d² above 0.
func NewCurve(f func(d2 float64) float64) *Curve {
	c := new(Curve)
	for i := range c {
		u0 := float64(math.Float32frombits(uint32(i+curveLowest) << curveShift))
		u1 := float64(math.Float32frombits(uint32(i+1+curveLowest) << curveShift))
		if i == 0 || i == curvePieces-1 {
			c[i] = curvePiece{float32(f(u1 - curveLeast)), 0}
			continue
		}
		f0, f1 := f(u0-curveLeast), f(u1-curveLeast)
		slope := (f1 - f0) / (u1 - u0)
		c[i] = curvePiece{float32(f0 - slope*u0), float32(slope)}
	}
	return c
}

// At returns the function at d².
func (c *Curve) At(d2 float32) float32 {
	u := d2 + curveLeast
	p := &c[min(math.Float32bits(u)>>curveShift-curveLowest, curvePieces-1)]
	return p.at0 + float32(p.slope*u)
}
