// Package value turns a value into the text that is stored for it as a label, an id or a prediction. The same value has
// the same text from whichever program, file or type it comes. [Text] is the rule; the Python client mirrors it, and
// testdata/texts.json is the table that both are tested with.
package value

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Text returns the text of a value:
//
//   - text is itself, also where it looks like a number: 1.10, 1e5, 007 and true stay;
//   - nil and NaN are the empty text, which is no label;
//   - truth values are true and false;
//   - whole numbers are decimal: 3, −1, also those of floats (3.0 is 3, −0 is 0, 1e5 is 100000) up to 2⁵³, beyond which
//     not every whole number is a float;
//   - other floats are the shortest decimal that tells them apart from others of their own precision, see [Float];
//   - numbers of JSON are read by their value: see [Number];
//   - times are ISO 8601, see [Time];
//   - a type that has a text by encoding.TextMarshaler or fmt.Stringer has that one; a pointer has that of what it points to.
//
// Anything else, such as a list, a map or a struct, has none: Text refuses it.
func Text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return Float(v, 64), nil
	case float32:
		return Float(float64(v), 32), nil
	case json.Number:
		return Number(v.String())
	case time.Time:
		return Time(v), nil
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer && r.IsNil() {
		return "", nil
	}
	switch v := v.(type) {
	case encoding.TextMarshaler:
		b, err := v.MarshalText()
		return string(b), err
	case fmt.Stringer:
		return v.String(), nil
	}
	switch r.Kind() {
	case reflect.Pointer:
		return Text(r.Elem().Interface())
	case reflect.String:
		return r.String(), nil
	case reflect.Bool:
		return strconv.FormatBool(r.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(r.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(r.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return Float(r.Float(), r.Type().Bits()), nil
	}
	what := fmt.Sprintf("a value of type %T", v)
	switch v.(type) { // as JSON has them
	case []any:
		what = "a list"
	case map[string]any:
		what = "an object"
	}
	return "", fmt.Errorf("%s cannot be a label, an id or a prediction: want text, a number, a truth value or a time", what)
}

// exact is 2⁵³: up to it, every whole number is a float64.
const exact = 1 << 53

// Float returns the text of a float of 16, 32 or 64 bits: a whole one's decimal up to 2⁵³, and otherwise the shortest
// decimal that identifies it among floats of that size, with an exponent below 0.0001 and from 1e16, as Python writes
// it. NaN is empty; the infinities are +Inf and -Inf.
func Float(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return ""
	case math.IsInf(f, 1):
		return "+Inf"
	case math.IsInf(f, -1):
		return "-Inf"
	case f == math.Trunc(f) && math.Abs(f) <= exact:
		return strconv.FormatInt(int64(f), 10)
	}
	s := shortest(f, bits)
	if exponent, _ := strconv.Atoi(s[strings.IndexByte(s, 'e')+1:]); exponent < -4 || exponent >= 16 {
		return s
	}
	f, _ = strconv.ParseFloat(s, 64)
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// shortest returns the shortest decimal that identifies f, as d.ddde±dd.
func shortest(f float64, bits int) string {
	if bits != 16 {
		return strconv.FormatFloat(f, 'e', -1, bits)
	}
	// A binary16 has 11 bits, and those below 2⁻¹⁴ are 2⁻²⁴ apart: what is nearer than half of that step is the same.
	fraction, exponent := math.Frexp(f)
	above := math.Ldexp(1, max(exponent-11, -24)-1)
	below := above
	if math.Abs(fraction) == 0.5 && exponent > -13 { // a power of two: towards 0 they are twice as close
		below /= 2
	}
	for digits := 0; ; digits++ {
		for _, near := range []float64{f, math.Nextafter(f, 2*f)} { // which differ where f is just between two decimals
			s := strconv.FormatFloat(near, 'e', digits, 64)
			if g, _ := strconv.ParseFloat(s, 64); math.Abs(g)-math.Abs(f) < above && math.Abs(f)-math.Abs(g) < below {
				return s
			}
		}
	}
}

// Number returns the text of a number as JSON writes it: a whole one's digits, however many they are, and otherwise that
// of the float64 that it is. A number beyond float64 has none.
func Number(s string) (string, error) {
	if !strings.ContainsAny(s, ".eE") {
		if s == "-0" {
			return "0", nil
		}
		return s, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return "", fmt.Errorf("the number %.40s is beyond float64: send it as text", s)
	}
	return Float(f, 64), nil
}

// Decimal returns the text of a number that is written with a fixed number of decimals, as 12.50: by its value, 12.5.
func Decimal(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// layout is ISO 8601 with as many decimals of the second as there are.
const layout = "2006-01-02T15:04:05.999999999"

// Time returns a moment in UTC, as 2024-02-29T12:30:00.5Z: the same moment has the same text in every zone.
func Time(t time.Time) string { return t.UTC().Format(layout) + "Z" }

// LocalTime returns a date and a time of day of which the zone is not known, as 2024-02-29T12:30:00.5.
func LocalTime(t time.Time) string { return t.Format(layout) }

// TimeOfDay returns the time of a day, as 12:30:00.5.
func TimeOfDay(t time.Time) string { return t.Format(layout[len("2006-01-02T"):]) }

// Date returns a day, as 2024-02-29.
func Date(t time.Time) string { return t.Format(time.DateOnly) }
