package npy

import (
	"fmt"
	"strconv"
	"strings"
)

// A Dtype is the type of an array's elements: a kind as NumPy letters it (f, i, u, b, U, S, M) and a size in bytes.
type Dtype struct {
	Kind byte
	Size int
	unit string // of a date and time, M: Y, M, W, D, h, m, s, ms, us or ns
}

// parseDtype reads NumPy's descr, as '<f4', '>i8' or '|u1', quotes included. An element is made of units of so many bytes,
// and in swapped ones the most significant byte comes first.
func parseDtype(descr string) (t Dtype, swapped int, err error) {
	const want = "numbers or strings, as '<f4', '>i8', '|u1' or '<U10'"
	wrong := fmt.Errorf("the elements are of type %.60s: want %s", descr, want)
	s := strings.Trim(descr, "'\"")
	if s == "|O" {
		return t, 0, fmt.Errorf("the elements are of type %s, Python objects, which can run programs and are not read: save a.astype(str) or a.astype(float)", descr)
	}
	if len(descr)-len(s) != 2 || len(s) < 3 {
		return t, 0, wrong
	}
	unitOfTime := ""
	if s[1] == 'M' {
		if unitOfTime = strings.TrimSuffix(strings.TrimPrefix(s[2:], "8["), "]"); s[2:] != "8["+unitOfTime+"]" || !knownUnit(unitOfTime) {
			return t, 0, wrong
		}
		s = s[:3]
	}
	n, err := strconv.Atoi(s[2:])
	if err != nil || n < 1 || n > 1<<20 || s[2] == '+' {
		return t, 0, wrong
	}
	t = Dtype{Kind: s[1], Size: n, unit: unitOfTime}
	unit := n
	known := false
	switch t.Kind {
	case 'f':
		known = n == 2 || n == 4 || n == 8
	case 'i', 'u':
		known = n == 1 || n == 2 || n == 4 || n == 8
	case 'b':
		known = n == 1
	case 'M':
		known = n == 8
	case 'S':
		known, unit = true, 1
	case 'U':
		known = true
		t.Size, unit = 4*n, 4 // stored as UTF-32
	}
	if !known {
		return t, 0, wrong
	}
	switch s[0] {
	case '<':
		return t, 0, nil
	case '|':
		if t.Size > 1 && t.Kind != 'S' {
			return t, 0, fmt.Errorf("the elements are of type %.60s, without a byte order: want %s", descr, want)
		}
		return t, 0, nil
	case '>':
		if t.Kind == 'S' || unit == 1 {
			return t, 0, nil
		}
		return t, unit, nil
	}
	return t, 0, wrong
}

// String names the type as NumPy does: float32, uint8, bool, strings.
func (t Dtype) String() string {
	switch t.Kind {
	case 'f':
		return fmt.Sprintf("float%d", 8*t.Size)
	case 'i':
		return fmt.Sprintf("int%d", 8*t.Size)
	case 'u':
		return fmt.Sprintf("uint%d", 8*t.Size)
	case 'b':
		return "bool"
	case 'M':
		return fmt.Sprintf("datetime64[%s]", t.unit)
	case 'U':
		return "str"
	}
	return "bytes"
}
