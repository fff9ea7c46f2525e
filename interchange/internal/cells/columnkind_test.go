package cells

import (
	"math"
	"testing"
)

func TestKindOf(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []any
		want   Kind
	}{
		{"nothing", []any{nil}, TextColumn},
		{"whole", []any{int64(math.MaxInt64), nil}, IntColumn},
		{"floats and whole", []any{0.5, int64(1 << 53)}, FloatColumn},
		{"floats and whole that no float is", []any{0.5, int64(1<<53 + 1)}, JSONColumn},
		{"truth and numbers", []any{true, 0.5}, JSONColumn},
		{"infinities", []any{0.5, "+Inf", nil}, FloatColumn},
		{"the word alone", []any{"+Inf"}, TextColumn},
		{"lists", []any{nil, JSON("[1]")}, JSONColumn},
	} {
		if got := KindOf(test.values); got != test.want {
			t.Errorf("%s: KindOf = %d, want %d", test.name, got, test.want)
		}
	}
}
