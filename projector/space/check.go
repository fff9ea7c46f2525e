package space

import (
	"errors"
	"fmt"
	"math"
)

// ErrInput is wrapped by every error that names a setting or a value of the
// rows that cannot be used.
var ErrInput = errors.New("invalid input")

// Check returns the number of rows of x (n×dim, row-major), or an error that
// names the first row and column that holds no number.
func Check(x []float32, dim int) (int, error) {
	if dim < 1 {
		return 0, refuse("%d columns, want at least 1", dim)
	}
	if len(x)%dim != 0 {
		return 0, refuse("%d values are not a whole number of rows of %d columns", len(x), dim)
	}
	if len(x)/dim > math.MaxInt32 {
		return 0, refuse("%d rows, want at most %d", len(x)/dim, math.MaxInt32)
	}
	for i, v := range x {
		if v-v != 0 { // NaN or Inf
			return 0, refuse("row %d, column %d is %v: vectors must be finite", i/dim, i%dim, v)
		}
	}
	return len(x) / dim, nil
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInput}, args...)...)
}
