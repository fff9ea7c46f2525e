package space

import "math"

// sqdist is the squared Euclidean distance.
func sqdist(a, b []float32) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	k := 0
	for ; k+4 <= len(a); k += 4 {
		d0, d1 := float64(a[k])-float64(b[k]), float64(a[k+1])-float64(b[k+1])
		d2, d3 := float64(a[k+2])-float64(b[k+2]), float64(a[k+3])-float64(b[k+3])
		s0 += float64(d0 * d0) // the conversions forbid fusing, so that all machines agree
		s1 += float64(d1 * d1)
		s2 += float64(d2 * d2)
		s3 += float64(d3 * d3)
	}
	for ; k < len(a); k++ {
		d := float64(a[k]) - float64(b[k])
		s0 += float64(d * d)
	}
	return (s0 + s1) + (s2 + s3)
}

// turned is the squared distance of the forms of two rows: between near
// directions it keeps the digits that 1 - cos loses.
func turned(a, b []float32, shiftA, rateA, shiftB, rateB float64) float64 {
	if rateA == 0 || rateB == 0 {
		if rateA == rateB {
			return 0
		}
		return 2
	}
	b = b[:len(a)]
	var s0, s1 float64
	k := 0
	for ; k+2 <= len(a); k += 2 {
		d0 := float64((float64(a[k])-shiftA)*rateA) - float64((float64(b[k])-shiftB)*rateB)
		d1 := float64((float64(a[k+1])-shiftA)*rateA) - float64((float64(b[k+1])-shiftB)*rateB)
		s0 += float64(d0 * d0)
		s1 += float64(d1 * d1)
	}
	if k < len(a) {
		d := float64((float64(a[k])-shiftA)*rateA) - float64((float64(b[k])-shiftB)*rateB)
		s0 += float64(d * d)
	}
	if s0+s1 < 0x1p-98 { // between rows of 24-bit numbers, nothing but rounding is that small
		return 0
	}
	return s0 + s1
}

// absdist is Σ|a - b|.
func absdist[T float32 | float64](a, b []T) (sum float64) {
	for k, v := range a {
		sum += math.Abs(float64(v) - float64(b[k]))
	}
	return sum
}

// line is the length of the straight line from a to b.
func line(a, b []float64) float64 {
	sum := 0.0
	for k, v := range a {
		sum += float64((v - b[k]) * (v - b[k]))
	}
	return math.Sqrt(sum)
}

// sumAbs is Σ|a - b| in float32, or some part of it that is beyond limit.
func sumAbs(a, b []float32, limit float32) float32 {
	const stretch = 32
	var sum float32
	for len(a) >= stretch {
		var s0, s1, s2, s3 float32
		p, q := (*[stretch]float32)(a), (*[stretch]float32)(b)
		for k := 0; k < stretch; k += 4 {
			s0 += abs(p[k] - q[k])
			s1 += abs(p[k+1] - q[k+1])
			s2 += abs(p[k+2] - q[k+2])
			s3 += abs(p[k+3] - q[k+3])
		}
		if sum += (s0 + s1) + (s2 + s3); sum > limit {
			return sum
		}
		a, b = a[stretch:], b[stretch:]
	}
	for k, v := range a {
		sum += abs(v - b[k])
	}
	return sum
}

func abs(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }
