//go:build !race

package umap

const raceEnabled = false
