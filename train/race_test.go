//go:build race

package train

// raceEnabled tells tests that Go code is many times slower, and pools drop what they hold at random.
const raceEnabled = true
