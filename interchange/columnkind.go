package interchange

import (
	"math"
	"slices"
	"strconv"
)

// A columnKind is what all values of a column are, apart from nil.
type columnKind int

const (
	textColumn columnKind = iota
	boolColumn
	intColumn
	floatColumn // and whole numbers among them
)

// kindOf finds the kind of a column; mixed ones are text, and so are floats beside whole numbers that no float is.
func kindOf(values []any) columnKind {
	var bools, ints, floats, texts, wide bool
	for _, v := range values {
		switch v := v.(type) {
		case nil:
		case bool:
			bools = true
		case int64:
			ints = true
			wide = wide || v < -1<<53 || v > 1<<53 // a float64 does not tell them apart
		case float64:
			floats = true
		default:
			texts = true
		}
	}
	switch {
	case texts || bools && (ints || floats) || wide && floats:
		return textColumn
	case bools:
		return boolColumn
	case floats:
		return floatColumn
	case ints:
		return intColumn
	}
	return textColumn
}

func hasNil(values []any) bool { return slices.Contains(values, nil) }

// asFloat is a number as float64; NaN for nil.
func asFloat(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return math.NaN()
}

// numbers returns 0…n−1 as texts.
func numbers(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = numberText(i)
	}
	return list
}

func numberText(i int) string { return strconv.Itoa(i) }
