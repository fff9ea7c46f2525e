package main

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange"
)

func TestMetadataValue(t *testing.T) {
	for _, test := range []struct {
		v, want any
	}{
		{json.Number("9223372036854775807"), int64(9223372036854775807)},
		{json.Number("18446744073709551615"), interchange.JSON("18446744073709551615")},
		{json.Number("100000000000000000000"), 1e20}, // as Go writes a float64
		{json.Number("0.1"), 0.1},
		{json.Number("1e400"), interchange.JSON("1e400")},
		{json.Number("-0"), math.Copysign(0, -1)},
		{[]any{json.Number("1.10"), "a"}, interchange.JSON(`[1.10,"a"]`)},
		{"007", "007"},
	} {
		if got := metadataValue(test.v); got != test.want {
			t.Errorf("metadataValue(%v) = %#v, want %#v", test.v, got, test.want)
		}
	}
}
