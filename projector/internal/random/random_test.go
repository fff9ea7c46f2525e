package random

import "testing"

// TestBits: numbers stay what they are, since the bits of maps follow from them. Those of Mix are the first three of
// SplitMix64 from seed 0, as its authors' program prints them.
func TestBits(t *testing.T) {
	state := uint64(0)
	for i, want := range []uint64{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f} {
		state += Golden
		if got := Mix(state); got != want {
			t.Errorf("number %d is %#x, want %#x", i, got, want)
		}
		if got := Indexed(0, uint64(i)); got != float64(want>>11)/(1<<53) {
			t.Errorf("number %d of [0, 1) is %v", i, got)
		}
	}
}
