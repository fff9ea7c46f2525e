//go:build race

package paced

// raceEnabled says that the race detector makes everything ten times slower.
const raceEnabled = true
