package npy

import (
	"math"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/value"
)

// secondsOf is how long the units of NumPy's dates are that are as long everywhere; fractionsOf is how many of the shorter
// ones a second has.
var (
	secondsOf   = map[string]int64{"W": 7 * 86400, "D": 86400, "h": 3600, "m": 60, "s": 1}
	fractionsOf = map[string]int64{"ms": 1e3, "us": 1e6, "ns": 1e9}
)

func knownUnit(unit string) bool {
	return unit == "Y" || unit == "M" || secondsOf[unit] > 0 || fractionsOf[unit] > 0
}

// dateText is the text of a NumPy date, which counts units since 1970: with a time of day if they are shorter than a day.
// NaT is empty.
func dateText(n int64, unit string) string {
	if n == math.MinInt64 {
		return ""
	}
	var t time.Time
	switch {
	case unit == "Y":
		return value.Date(time.Date(1970+int(n), 1, 1, 0, 0, 0, 0, time.UTC))
	case unit == "M":
		return value.Date(time.Date(1970, 1+time.Month(n), 1, 0, 0, 0, 0, time.UTC))
	case secondsOf[unit] > 0:
		t = time.Unix(n*secondsOf[unit], 0).UTC()
	default:
		per := fractionsOf[unit]
		seconds, rest := n/per, n%per
		t = time.Unix(seconds, rest*(1e9/per)).UTC()
	}
	if unit == "W" || unit == "D" {
		return value.Date(t)
	}
	return value.LocalTime(t)
}
