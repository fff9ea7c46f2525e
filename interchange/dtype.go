package interchange

import (
	"fmt"
	"strconv"
	"strings"
)

// A dtype is the type of an array's elements: a kind as NumPy letters it (f, i, u, b, U, S) and a size in bytes.
type dtype struct {
	kind byte
	size int
}

// parseDtype reads NumPy's descr, as '<f4' or '|u1', quotes included.
func parseDtype(descr string) (dtype, error) {
	const want = "little-endian numbers or strings, as '<f4', '<i8', '|u1' or '<U10'"
	s := strings.Trim(descr, "'\"")
	if len(descr)-len(s) != 2 || len(s) < 3 {
		return dtype{}, fmt.Errorf("the elements are of type %.60s: want %s", descr, want)
	}
	n, err := strconv.Atoi(s[2:])
	if err != nil || n < 1 || n > 1<<20 || s[2] == '+' {
		return dtype{}, fmt.Errorf("the elements are of type %.60s: want %s", descr, want)
	}
	t := dtype{kind: s[1], size: n}
	known := false
	switch t.kind {
	case 'f':
		known = n == 2 || n == 4 || n == 8
	case 'i', 'u':
		known = n == 1 || n == 2 || n == 4 || n == 8
	case 'b':
		known = n == 1
	case 'S':
		known = true
	case 'U':
		known = true
		t.size = 4 * n // stored as UTF-32
	}
	if !known {
		return dtype{}, fmt.Errorf("the elements are of type %.60s: want %s", descr, want)
	}
	switch s[0] {
	case '<':
	case '|':
		if t.size > 1 && t.kind != 'S' {
			return dtype{}, fmt.Errorf("the elements are of type %.60s, without a byte order: want %s", descr, want)
		}
	case '>':
		if t.size > 1 && t.kind != 'S' {
			return dtype{}, fmt.Errorf("the elements are big-endian (%s): want little-endian; save the array again with a.astype('<%s')", descr, s[1:])
		}
	default:
		return dtype{}, fmt.Errorf("the elements are of type %.60s: want %s", descr, want)
	}
	return t, nil
}

// String names the type as NumPy does: float32, uint8, bool, strings.
func (t dtype) String() string {
	switch t.kind {
	case 'f':
		return fmt.Sprintf("float%d", 8*t.size)
	case 'i':
		return fmt.Sprintf("int%d", 8*t.size)
	case 'u':
		return fmt.Sprintf("uint%d", 8*t.size)
	case 'b':
		return "bool"
	case 'U':
		return "str"
	}
	return "bytes"
}
