//go:build !race

package paced

const raceEnabled = false
