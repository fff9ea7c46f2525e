package interchange

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/internal/value"
)

// A columnKind is what all values of a column are, apart from nil.
type columnKind int

const (
	textColumn columnKind = iota
	boolColumn
	intColumn
	floatColumn // and whole numbers among them, and the words for the infinities
	jsonColumn  // of several kinds, which no type of a file is: each is its JSON text
)

// kindNames are the kinds as a projector's configuration names them.
var kindNames = []string{textColumn: "text", boolColumn: "bool", intColumn: "int", floatColumn: "float", jsonColumn: "json"}

// JSON is a value of metadata that is a list, an object or a number that neither int64 nor float64 holds: its text.
type JSON string

// MarshalJSON implements [json.Marshaler].
func (j JSON) MarshalJSON() ([]byte, error) { return []byte(j), nil }

// kindOf finds the kind of a column.
func kindOf(values []any) columnKind {
	var kinds [jsonColumn + 1]bool
	infinite, large := false, false
	for _, v := range values {
		switch v := v.(type) {
		case nil:
		case bool:
			kinds[boolColumn] = true
		case int64:
			kinds[intColumn] = true
			large = large || v > maxExact || v < -maxExact
		case float64:
			kinds[floatColumn] = true
		case JSON:
			return jsonColumn
		case string:
			if isInf := v == value.Float(math.Inf(1), 64) || v == value.Float(math.Inf(-1), 64); isInf {
				infinite = true
			} else {
				kinds[textColumn] = true
			}
		}
	}
	if infinite && !kinds[floatColumn] {
		kinds[textColumn] = true
	}
	switch k := kinds; {
	case k[floatColumn] && !k[textColumn] && !k[boolColumn] && !(k[intColumn] && large):
		return floatColumn
	case k == [len(k)]bool{boolColumn: true}:
		return boolColumn
	case k == [len(k)]bool{intColumn: true}:
		return intColumn
	case k == [len(k)]bool{textColumn: true}, k == [len(k)]bool{}:
		return textColumn
	}
	return jsonColumn
}

// maxExact is how far float64 holds every whole number.
const maxExact = 1 << 53

// fitsFloats reports whether the whole numbers of a column can be floats, as those of an array with missing ones have to.
func fitsFloats(values []any) bool {
	return !slices.ContainsFunc(values, func(v any) bool { n, ok := v.(int64); return ok && (n > maxExact || n < -maxExact) })
}

// isWhole reports whether a number of JSON has neither a fraction nor an exponent.
func isWhole(number string) bool { return !strings.ContainsAny(number, ".eE") }

// jsonText is a value as its JSON text; nil is empty.
func jsonText(v any) string {
	if v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil { // a float that is not finite, which is nowhere among values
		return strconv.Quote(plain(v))
	}
	return string(b)
}

// ofKind reads a text that was written for a value of some kind; one that it cannot be stays text.
func ofKind(kind columnKind, s string) any {
	if s == "" {
		return nil
	}
	switch kind {
	case boolColumn:
		if b, err := strconv.ParseBool(s); err == nil {
			return b
		}
	case intColumn:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	case floatColumn:
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return number(f)
		}
	case jsonColumn:
		return ofJSON(s)
	}
	return s
}

// ofJSON reads what jsonText wrote.
func ofJSON(s string) any {
	var v any
	d := json.NewDecoder(bytes.NewReader([]byte(s)))
	d.UseNumber()
	if d.Decode(&v) != nil || d.More() {
		return s
	}
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil && (!isWhole(v.String()) || strconv.FormatFloat(f, 'f', -1, 64) == v.String()) {
			return f
		}
	case nil, bool, string:
		return v
	}
	return JSON(s)
}

func hasNil(values []any) bool { return slices.Contains(values, nil) }

// asFloat is a number, or the word for an infinity, as float64; NaN for nil.
func asFloat(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return f
		}
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

// text is the text that a value has as an id or a label. Most of what is JSON has none, and the error says so.
func (j JSON) text() (string, error) {
	switch j[0] {
	case '[':
		return value.Text([]any{})
	case '{':
		return value.Text(map[string]any{})
	}
	return value.Number(string(j))
}
