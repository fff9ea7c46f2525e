package ingest

import (
	"encoding/json"
	"math"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// A number is a float64 as JSON: NaN and the infinities, for which JSON has no numeral, are "NaN", "Infinity" and
// "-Infinity".
type number float64

// UnmarshalJSON implements [json.Unmarshaler].
func (n *number) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"NaN"`:
		*n = number(math.NaN())
	case `"Infinity"`:
		*n = number(math.Inf(1))
	case `"-Infinity"`:
		*n = number(math.Inf(-1))
	default:
		var v *float64
		if err := json.Unmarshal(b, &v); err != nil || v == nil {
			return httpjson.Invalid(`%.40s is no number: send one, or "NaN", "Infinity" or "-Infinity" in quotes`, b)
		}
		*n = number(*v)
	}
	return nil
}

// An optionalNumber is a number, or null, which becomes NaN.
type optionalNumber float64

// UnmarshalJSON implements [json.Unmarshaler].
func (n *optionalNumber) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = optionalNumber(math.NaN())
		return nil
	}
	var v number
	err := v.UnmarshalJSON(b)
	*n = optionalNumber(v)
	return err
}
