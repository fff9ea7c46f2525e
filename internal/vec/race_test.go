//go:build race

package vec

// raceEnabled tells tests that pools drop what they hold at random.
const raceEnabled = true
