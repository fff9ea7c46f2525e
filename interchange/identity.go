package interchange

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
)

// whole returns the whole number that a float of so many bits is, if it is one and no other whole number is the same float.
func whole(f float64, bits int) (int64, error) {
	digits := map[int]int{16: 11, 32: 24, 64: 53}[bits]
	switch limit := math.Ldexp(1, digits); {
	case f != math.Trunc(f) || math.IsInf(f, 0): // and NaN
		return 0, fmt.Errorf("is %v: want whole numbers or texts", f)
	case math.Abs(f) > limit:
		return 0, fmt.Errorf("is %v, and float%d does not tell whole numbers beyond %.0f apart: want whole numbers or texts", f, bits, limit)
	}
	return int64(f), nil
}

// idOf is a cell of a column as an id; bits are those of a column of floats. Nil is the empty text, which is none.
func idOf(v any, bits int) (string, error) {
	if f, ok := v.(float64); ok {
		n, err := whole(f, bits)
		if err != nil {
			return "", fmt.Errorf("the id %w", err)
		}
		return strconv.FormatInt(n, 10), nil
	}
	return labelOf(v)
}

// labelOf is a cell of a column as a label; nil is the empty text, which is none.
func labelOf(v any) (string, error) {
	if j, ok := v.(cells.JSON); ok {
		return j.Text()
	}
	return cells.Plain(v), nil
}

// epochOf is a cell of a column as the number of an epoch: a whole number, be it a float or written as text.
func epochOf(v any, bits int) (int, error) {
	n := int64(-1)
	switch v := v.(type) {
	case int64:
		n = v
	case float64:
		if w, err := whole(v, bits); err == nil {
			n = w
		}
	case string:
		s := strings.TrimSpace(v)
		if w, err := strconv.ParseInt(s, 10, 64); err == nil {
			n = w
		} else if f, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "xXpP_") {
			if w, err := whole(f, 64); err == nil {
				n = w
			}
		}
	}
	if n < 0 || n > math.MaxInt32 {
		said := fmt.Sprint(v)
		if s, ok := v.(string); ok {
			said = fmt.Sprintf("%.100q", s)
		}
		return 0, fmt.Errorf("the epoch is %s: want a whole number from 0 to %d", said, math.MaxInt32)
	}
	return int(n), nil
}
