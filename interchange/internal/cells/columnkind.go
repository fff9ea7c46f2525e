package cells

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/internal/value"
)

// A Kind is what all values of a column are, apart from nil.
type Kind int

const (
	TextColumn Kind = iota
	BoolColumn
	IntColumn
	FloatColumn // and whole numbers among them, and the words for the infinities
	JSONColumn  // of several kinds, which no type of a file is: each is its JSON text
)

// KindNames are the kinds as a projector's configuration names them.
var KindNames = []string{TextColumn: "text", BoolColumn: "bool", IntColumn: "int", FloatColumn: "float", JSONColumn: "json"}

// JSON is a value of metadata that is a list, an object or a number that neither int64 nor float64 holds: its text.
type JSON string

// MarshalJSON implements [json.Marshaler].
func (j JSON) MarshalJSON() ([]byte, error) { return []byte(j), nil }

// KindOf finds the kind of a column.
func KindOf(values []any) Kind {
	var kinds [JSONColumn + 1]bool
	infinite, large := false, false
	for _, v := range values {
		switch v := v.(type) {
		case nil:
		case bool:
			kinds[BoolColumn] = true
		case int64:
			kinds[IntColumn] = true
			large = large || v > maxExact || v < -maxExact
		case float64:
			kinds[FloatColumn] = true
		case JSON:
			return JSONColumn
		case string:
			if isInf := v == value.Float(math.Inf(1), 64) || v == value.Float(math.Inf(-1), 64); isInf {
				infinite = true
			} else {
				kinds[TextColumn] = true
			}
		}
	}
	if infinite && !kinds[FloatColumn] {
		kinds[TextColumn] = true
	}
	switch k := kinds; {
	case k[FloatColumn] && !k[TextColumn] && !k[BoolColumn] && !(k[IntColumn] && large):
		return FloatColumn
	case k == [len(k)]bool{BoolColumn: true}:
		return BoolColumn
	case k == [len(k)]bool{IntColumn: true}:
		return IntColumn
	case k == [len(k)]bool{TextColumn: true}, k == [len(k)]bool{}:
		return TextColumn
	}
	return JSONColumn
}

// maxExact is how far float64 holds every whole number.
const maxExact = 1 << 53

// FitsFloats reports whether the whole numbers of a column can be floats, as those of an array with missing ones have to.
func FitsFloats(values []any) bool {
	return !slices.ContainsFunc(values, func(v any) bool { n, ok := v.(int64); return ok && (n > maxExact || n < -maxExact) })
}

// IsWhole reports whether a number of JSON has neither a fraction nor an exponent.
func IsWhole(number string) bool { return !strings.ContainsAny(number, ".eE") }

// JSONText is a value as its JSON text; nil is empty.
func JSONText(v any) string {
	if v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil { // a float that is not finite, which is nowhere among values
		return strconv.Quote(Plain(v))
	}
	return string(b)
}

// OfKind reads a text that was written for a value of some kind; one that it cannot be stays text.
func OfKind(kind Kind, s string) any {
	if s == "" {
		return nil
	}
	switch kind {
	case BoolColumn:
		if b, err := strconv.ParseBool(s); err == nil {
			return b
		}
	case IntColumn:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	case FloatColumn:
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return Number(f)
		}
	case JSONColumn:
		return OfJSON(s)
	}
	return s
}

// OfJSON reads what [JSONText] wrote.
func OfJSON(s string) any {
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
		if f, err := v.Float64(); err == nil && (!IsWhole(v.String()) || strconv.FormatFloat(f, 'f', -1, 64) == v.String()) {
			return f
		}
	case nil, bool, string:
		return v
	}
	return JSON(s)
}

func HasNil(values []any) bool { return slices.Contains(values, nil) }

// AsFloat is a number, or the word for an infinity, as float64; NaN for nil.
func AsFloat(v any) float64 {
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

// Numbers returns 0…n−1 as texts.
func Numbers(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = NumberText(i)
	}
	return list
}

func NumberText(i int) string { return strconv.Itoa(i) }

// Text is the text that a value has as an id or a label. Most of what is JSON has none, and the error says so.
func (j JSON) Text() (string, error) {
	switch j[0] {
	case '[':
		return value.Text([]any{})
	case '{':
		return value.Text(map[string]any{})
	}
	return value.Number(string(j))
}
