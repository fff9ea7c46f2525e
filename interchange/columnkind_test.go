package interchange

import (
	"math"
	"testing"
)

func TestKindOf(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []any
		want   columnKind
	}{
		{"nothing", []any{nil}, textColumn},
		{"whole", []any{int64(math.MaxInt64), nil}, intColumn},
		{"floats and whole", []any{0.5, int64(1 << 53)}, floatColumn},
		{"floats and whole that no float is", []any{0.5, int64(1<<53 + 1)}, jsonColumn},
		{"truth and numbers", []any{true, 0.5}, jsonColumn},
		{"infinities", []any{0.5, "+Inf", nil}, floatColumn},
		{"the word alone", []any{"+Inf"}, textColumn},
		{"lists", []any{nil, JSON("[1]")}, jsonColumn},
	} {
		if got := kindOf(test.values); got != test.want {
			t.Errorf("%s: kindOf = %d, want %d", test.name, got, test.want)
		}
	}
}
