// Package random draws numbers that belong to what they are drawn for (a pass,
// an edge, a row), never to a worker: a hash of a key takes the place of a
// generator's state.
package random

import "math"

// Mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014), a bijection
// whose output bits look independent of its input's.
func Mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// Draw hashes a key of three numbers.
func Draw(seed, a, b uint64) uint64 {
	return Mix(Mix(seed^Mix(a+Golden)) + b*0xd1342543de82ef95)
}

// Unit maps 64 random bits to (0, 1).
func Unit(r uint64) float64 {
	return (float64(r>>11) + 0.5) / (1 << 53)
}

// Normal maps a key to a standard normal deviate (Box and Muller 1958).
func Normal(seed, a, b uint64) float64 {
	r := Draw(seed, a, b)
	return math.Sqrt(-2*math.Log(Unit(r))) * math.Cos(2*math.Pi*Unit(Mix(r+1)))
}

// Golden is 2^64 over the golden ratio, rounded to odd: the step between the
// states of SplitMix64, which [Mix] makes numbers of.
const Golden = 0x9e3779b97f4a7c15

// Indexed maps a seed and an index to [0, 1).
func Indexed(seed, i uint64) float64 {
	return float64(Mix(seed*0xd1342543de82ef95+(i+1)*Golden)>>11) / (1 << 53)
}
