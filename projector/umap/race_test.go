//go:build race

package umap

// raceEnabled says that the race detector makes everything ten times slower.
const raceEnabled = true
