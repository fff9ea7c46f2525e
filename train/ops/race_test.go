//go:build race

package ops

// raceEnabled tells tests that pools drop what they hold at random.
const raceEnabled = true
