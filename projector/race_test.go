//go:build race

package projector

// raceEnabled says that the race detector makes everything ten times slower.
const raceEnabled = true
