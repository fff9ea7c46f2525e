package vec

// Nearer is
//
//	n := 0
//	for j, v := range dots {
//		if norms[j]-2*v < limit {
//			found[n] = int32(j)
//			n++
//		}
//	}
//	return n
//
// With dots = a·bⱼ and norms = |bⱼ|², norms[j]-2·dots[j] is |a-bⱼ|²-|a|²: the
// kernel finds the rows of b that are nearer to a than the worst neighbour so
// far. It panics unless dots and norms have one length and found at least that.
func Nearer(found []int32, dots, norms []float32, limit float32) int {
	if len(dots) != len(norms) || len(found) < len(dots) {
		panic(badLength)
	}
	return nearer(found, dots, norms, limit)
}

func nearerGeneric(found []int32, dots, norms []float32, limit float32) int {
	n := 0
	for j, v := range dots {
		if norms[j]-2*v < limit {
			found[n] = int32(j)
			n++
		}
	}
	return n
}
