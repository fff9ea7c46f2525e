package train

import (
	"math/bits"
	"math/rand/v2"
)

// shuffle fills order with a permutation of 0…len(order)-1 that depends on the seed and the epoch
// alone, so that no state has to be kept to go on with the next epoch (Fisher and Yates, Durstenfeld 1964).
func shuffle(order []int32, seed uint64, epoch int) {
	r := rand.NewPCG(seed, uint64(epoch))
	for i := range order {
		// Multiplying instead of dividing (Lemire 2019) favours some places by i/2⁶⁴: nothing.
		j, _ := bits.Mul64(r.Uint64(), uint64(i+1))
		order[i] = order[j]
		order[j] = int32(i)
	}
}
