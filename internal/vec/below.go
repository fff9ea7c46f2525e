package vec

// Below is
//
//	n := 0
//	for _, v := range x {
//		if v < limit {
//			n++
//		}
//	}
//	return n
func Below(x []float32, limit float32) int { return below(x, limit) }

func belowGeneric(x []float32, limit float32) int {
	n := 0
	for _, v := range x {
		if v < limit {
			n++
		}
	}
	return n
}
