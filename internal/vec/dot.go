package vec

// Dot is
//
//	var sum float32
//	for i, v := range x {
//		sum += v * y[i]
//	}
//	return sum
//
// It panics unless x and y have the same length.
func Dot(x, y []float32) float32 {
	if len(x) != len(y) {
		panic(badLength)
	}
	return dot(x, y)
}

const badLength = "vec: slices of different lengths"

func dotGeneric(x, y []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(x) >= 4 && len(y) >= 4 {
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		s0 += v * y[i]
	}
	return s0 + s1 + (s2 + s3)
}
