package texts

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// TestUntyped: what a column of text is read as. It is read as numbers only where one way of writing them gives back every
// text.
func TestUntyped(t *testing.T) {
	for _, test := range []struct {
		name, texts string
		want        []any
	}{
		{"whole numbers", "1 -20 0", []any{int64(1), int64(-20), int64(0)}},
		{"with a missing one", "1 _ 3", []any{int64(1), nil, int64(3)}},
		{"prices", "0.50 1.25 10.00", []any{0.5, 1.25, 10.0}},
		{"versions", "1.9 1.10", nil},
		{"versions that could be numbers", "1.10 1.2 2.0 10.0", nil},
		{"Python's floats", "1.0 2.5 100000.0 1e-05 1e+16 -0.5", []any{1.0, 2.5, 100000.0, 1e-5, 1e16, -0.5}},
		{"floats and whole numbers", "1 2.5 1e-7 100000", []any{1.0, 2.5, 1e-7, 100000.0}},
		{"1 beside 1.0", "1 1.0", nil},
		{"6 decimals", "0.500000 123456.250000", []any{0.5, 123456.25}},
		{"numpy.savetxt", "5.000000000000000000e-01 1.250000000000000000e+02", []any{0.5, 125.0}},
		{"a learning rate", "1e-3 3e-4", []any{1e-3, 3e-4}},
		{"one number written twice", "0.001 1e-03", nil},
		{"exponents of codes", "1e5 2e3 7e10", nil},
		{"capital exponents", "1E5 2E3", nil},
		{"leading zeros", "007 08", nil},
		{"zip codes", "01234 12345", nil},
		{"a plus", "+1 2", nil},
		{"underscores", "1_000 2_000", nil},
		{"hexadecimal", "0x1 0x2", nil},
		{"beyond int64", "18446744073709551615 18446744073709551614", nil},
		{"more digits than a float has", "0.12345678901234567891 0.5", nil},
		{"beyond float64", "1e400 2.5", nil},
		{"NaN", "NaN 1.5", nil},
		{"infinite", "+Inf 1.5", nil},
		{"point at the end", "1. 2.", nil},
		{"point at the beginning", ".5 .25", nil},
		{"negative zero", "-0.0 1.0", []any{math.Copysign(0, -1), 1.0}},
		{"dates", "2024-01-01 2024-01-02", nil},
		{"truth values", "true false true", []any{true, false, true}},
		{"pandas' truth values", "True False", []any{true, false}},
		{"truth values spelt in two ways", "true TRUE", nil},
		{"0 and 1", "0 1", []any{int64(0), int64(1)}},
		{"nothing", "_ _", []any{nil, nil}},
	} {
		t.Run(test.name, func(t *testing.T) {
			texts := strings.Fields(test.texts)
			want := test.want
			for i, s := range texts {
				if s == "_" {
					texts[i] = ""
				}
				if test.want == nil {
					want = append(want, s)
				}
			}
			if got := Typed(texts, false); fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
				t.Errorf("%q are %#v, want %#v", texts, got, want)
			}
		})
	}
	if got := Typed([]string{"0,50", "1,25"}, true); fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", []any{0.5, 1.25}) {
		t.Errorf("decimal commas are %#v", got)
	}
	if got := Typed([]string{"1,9", "1,10"}, true); fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", []any{"1,9", "1,10"}) {
		t.Errorf("decimal commas of different lengths are %#v", got)
	}
}

// FuzzUntyped: different texts never become the same value, and equal numbers of Go's and Python's writers are numbers.
func FuzzUntyped(f *testing.F) {
	for _, s := range []string{"1|2", "1.10|1.1", "0.50|0.5", "1e5|100000", "true|TRUE", "-0|0", "007|7", "1e-07|0.0000001"} {
		f.Add(s, 0.1)
	}
	f.Fuzz(func(t *testing.T, s string, x float64) {
		texts := strings.Split(s, "|")
		seen := map[any]string{}
		for i, v := range Typed(texts, false) {
			if before, known := seen[v]; known && before != texts[i] {
				t.Fatalf("%q and %q are both %#v", before, texts[i], v)
			}
			seen[v] = texts[i]
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return
		}
		if got := Typed([]string{strconv.FormatFloat(x, 'f', 2, 64), strconv.FormatFloat(x/3, 'f', 2, 64)}, false); got == nil {
			t.Fatal("nothing")
		} else if _, text := got[0].(string); text {
			t.Fatalf("%v with two decimals is %#v", x, got)
		}
	})
}
