package tracker

import (
	"math"
	"testing"
)

func TestSameness(t *testing.T) {
	minus := float32(math.Copysign(0, -1))
	for _, test := range []struct {
		name    string
		vectors []float32
		dim     int
		want    Sameness
		says    string
	}{
		{"all differ", []float32{1, 2, 2, 1, 1, 1}, 2, Sameness{3, 0, 0}, ""},
		{"all equal", []float32{1, 2, 1, 2, 1, 2}, 2, Sameness{3, 0, 2}, "all 3 vectors are equal"},
		{"all zero", []float32{0, 0, minus, 0}, 2, Sameness{2, 2, 1}, "all 2 vectors are zero"},
		{"some", []float32{0, 5, 5, 7, 0, minus, 5}, 1, Sameness{7, 3, 4}, "of 7 vectors, 3 are zero and 4 are equal to an earlier one"},
		{"one zero", []float32{0, 5, 6}, 1, Sameness{3, 1, 0}, "of 3 vectors, 1 is zero"},
		{"one pair", []float32{4, 4, 6}, 1, Sameness{3, 0, 1}, "of 3 vectors, 1 is equal to an earlier one"},
		{"one row", []float32{1, 1}, 2, Sameness{1, 0, 0}, ""},
		{"no row", nil, 2, Sameness{}, ""},
	} {
		got := SamenessOf(test.vectors, test.dim)
		if got != test.want || got.Notice() != test.says {
			t.Errorf("%s: %+v, %q; want %+v, %q", test.name, got, got.Notice(), test.want, test.says)
		}
	}
}
