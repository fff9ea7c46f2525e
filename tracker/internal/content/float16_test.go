package content

import (
	"math"
	"testing"
)

// TestFloat16 holds the conversion against the definition of binary16, for every number there is and between any two.
func TestFloat16(t *testing.T) {
	value := func(h int) float64 { // of a positive one
		if exponent := h >> 10; exponent > 0 {
			return math.Ldexp(float64(h&1023|1024), exponent-25)
		}
		return math.Ldexp(float64(h), -24)
	}
	for h := range 0x7c00 {
		v := value(h)
		for _, sign := range []uint16{0, 0x8000} {
			want := v
			if sign != 0 {
				want = -v
			}
			got := fromFloat16(uint16(h) | sign)
			if float64(got) != want || math.Signbit(float64(got)) != (sign != 0) {
				t.Fatalf("fromFloat16(%04x) = %v, want %v", uint16(h)|sign, got, want)
			}
			if back := toFloat16(got); back != uint16(h)|sign {
				t.Fatalf("toFloat16(%v) = %04x, want %04x", got, back, uint16(h)|sign)
			}
		}
		next := value(h + 1)
		middle := float32((v + next) / 2)
		even := uint16(h + h&1)
		for _, test := range []struct {
			v    float32
			want uint16
		}{{math.Nextafter32(middle, 0), uint16(h)}, {middle, even}, {math.Nextafter32(middle, 1e6), uint16(h + 1)}} {
			if h+1 == 0x7c00 && test.v >= 65520 {
				if firstBeyond16([]float32{1, -test.v}) != 1 {
					t.Errorf("%v is not noticed as too large", test.v)
				}
				continue
			}
			if firstBeyond16([]float32{test.v, -test.v}) >= 0 {
				t.Errorf("%v is called too large", test.v)
			}
			if got := toFloat16(test.v); got != test.want {
				t.Fatalf("toFloat16(%v) = %04x, want %04x", test.v, got, test.want)
			}
		}
	}
}
