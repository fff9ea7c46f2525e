package vec

// Axpy is
//
//	for i, v := range x {
//		y[i] += alpha * v
//	}
//
// It panics unless x and y have the same length.
func Axpy(alpha float32, x, y []float32) {
	if len(x) != len(y) {
		panic(badLength)
	}
	axpy(alpha, x, y)
}

func axpyGeneric(alpha float32, x, y []float32) {
	for i, v := range x {
		y[i] += alpha * v
	}
}
