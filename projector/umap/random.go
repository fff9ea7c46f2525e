package umap

import "math"

// Randomness belongs to what it is drawn for (a pass, an edge, a row), never
// to a worker: a hash of a key takes the place of a generator's state.

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014), a bijection
// whose output bits look independent of its input's.
func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// draw hashes a key of three numbers.
func draw(seed, a, b uint64) uint64 {
	return mix(mix(seed^mix(a+0x9e3779b97f4a7c15)) + b*0xd1342543de82ef95)
}

// unit maps 64 random bits to (0, 1).
func unit(r uint64) float64 {
	return (float64(r>>11) + 0.5) / (1 << 53)
}

// normal maps a key to a standard normal deviate (Box and Muller 1958).
func normal(seed, a, b uint64) float64 {
	r := draw(seed, a, b)
	return math.Sqrt(-2*math.Log(unit(r))) * math.Cos(2*math.Pi*unit(mix(r+1)))
}
