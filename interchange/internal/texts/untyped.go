package texts

import (
	"math"
	"strconv"
	"strings"
)

// Typed finds out what the values of a file are that knows nothing but text; an empty one is nil. They are whole numbers,
// numbers or truth values only if nothing is lost: if one way of writing those gives back the text of every value. So
// 0.50 and 1.25 are numbers with two decimals, and 1.9 and 1.10 are not numbers at all, nor are 007, 1e5, or true beside
// True. Where a comma separates no columns, it may be the point of numbers.
func Typed(texts []string, comma bool) []any {
	if comma && decimalCommas(texts) {
		point := strings.NewReplacer(",", ".")
		plain := make([]string, len(texts))
		for i, s := range texts {
			plain[i] = point.Replace(s)
		}
		if values := floats(plain); values != nil {
			return values
		}
	}
	for _, read := range []func([]string) []any{integers, floats, truths} {
		if values := read(texts); values != nil {
			return values
		}
	}
	values := make([]any, len(texts))
	for i, s := range texts {
		if s != "" {
			values[i] = s
		}
	}
	return values
}

// convertAll converts the texts that are not empty; nil, if one of them cannot be converted or all are empty.
func convertAll(texts []string, convert func(s string) (v any, ok bool)) []any {
	values, some := make([]any, len(texts)), false
	for i, s := range texts {
		if s == "" {
			continue
		}
		v, ok := convert(s)
		if !ok {
			return nil
		}
		values[i], some = v, true
	}
	if !some {
		return nil
	}
	return values
}

func integers(texts []string) []any {
	return convertAll(texts, func(s string) (any, bool) {
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil && strconv.FormatInt(n, 10) == s
	})
}

// truths reads truth values, which are all spelt in the same way.
func truths(texts []string) []any {
	for _, spelling := range [][2]string{{"true", "false"}, {"True", "False"}, {"TRUE", "FALSE"}} {
		values := convertAll(texts, func(s string) (any, bool) { return s == spelling[0], s == spelling[0] || s == spelling[1] })
		if values != nil {
			return values
		}
	}
	return nil
}

// floats reads numbers that are all written in one of the ways in which programs write floats.
func floats(texts []string) []any {
	var first string
	for _, s := range texts {
		if s != "" {
			first = s
			break
		}
	}
	mantissa, _, scientific := strings.Cut(first, "e")
	_, fraction, _ := strings.Cut(mantissa, ".")
	decimals := len(fraction)
	ways := []func(f float64) []string{
		func(f float64) []string { return shortest(f, false) },
		func(f float64) []string { return shortest(f, true) },
	}
	if scientific {
		ways = append(ways, func(f float64) []string { return []string{strconv.FormatFloat(f, 'e', decimals, 64)} }) // as %.18e
	} else if decimals > 0 {
		ways = append(ways, func(f float64) []string { return []string{strconv.FormatFloat(f, 'f', decimals, 64)} }) // as %.2f
	}
	for _, write := range ways {
		written := map[float64]string{}
		values := convertAll(texts, func(s string) (any, bool) {
			f, err := strconv.ParseFloat(s, 64)
			if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
				return nil, false
			}
			for _, form := range write(f) {
				if form != s {
					continue
				}
				before, known := written[f]
				written[f] = s
				return f, !known || before == s // 0.001 and 1e-03 are two texts
			}
			return nil, false
		})
		if values != nil {
			return values
		}
	}
	return nil
}

// shortest returns how a float is written with as few digits as tell it apart: as a decimal, where Python has whole ones
// end in .0 and others do not, or with an exponent, of two digits or as JavaScript has it: 1e-05, 1e+16, 1e-5.
func shortest(f float64, python bool) []string {
	decimal := strconv.FormatFloat(f, 'f', -1, 64)
	if python && f == math.Trunc(f) {
		decimal += ".0"
	}
	scientific := strconv.FormatFloat(f, 'e', -1, 64)
	return []string{decimal, scientific, strings.Replace(strings.Replace(scientific, "e-0", "e-", 1), "e+0", "e+", 1)}
}

// decimalCommas reports whether the commas of some texts are the points of numbers: each has one at most, with digits on
// both sides and no point beside it, and not all stand before three digits, as those of thousands do.
func decimalCommas(texts []string) bool {
	plainly := false
	for _, s := range texts {
		whole, fraction, ok := strings.Cut(s, ",")
		if !ok {
			continue
		}
		if whole == "" || fraction == "" || strings.ContainsAny(s, ".eE") || strings.Trim(fraction, "0123456789") != "" {
			return false
		}
		plainly = plainly || len(fraction) != 3
	}
	return plainly
}
