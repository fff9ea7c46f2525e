package vec

// SqDist is
//
//	var sum float32
//	for i, v := range x {
//		sum += (v - y[i]) * (v - y[i])
//	}
//	return sum
//
// It panics unless x and y have the same length.
func SqDist(x, y []float32) float32 {
	if len(x) != len(y) {
		panic(badLength)
	}
	return sqDist(x, y)
}

func sqDistGeneric(x, y []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(x) >= 4 && len(y) >= 4 {
		d0, d1, d2, d3 := x[0]-y[0], x[1]-y[1], x[2]-y[2], x[3]-y[3]
		s0 += d0 * d0
		s1 += d1 * d1
		s2 += d2 * d2
		s3 += d3 * d3
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		s0 += (v - y[i]) * (v - y[i])
	}
	return s0 + s1 + (s2 + s3)
}
