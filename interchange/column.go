package interchange

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

func isInteger(t arrow.DataType) bool { return arrow.IsInteger(t.ID()) }

func isFloat(t arrow.DataType) bool {
	return t.ID() == arrow.FLOAT16 || t.ID() == arrow.FLOAT32 || t.ID() == arrow.FLOAT64
}

func isNumber(t arrow.DataType) bool { return isFloat(t) || isInteger(t) }

// isLabel reports whether a column can hold labels, which may be names or numbers on a scale.
func isLabel(t arrow.DataType) bool { return isText(t) || isFloat(t) }

// isText reports whether a column can name things: text, whole numbers, truth values, or a dictionary of them.
func isText(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW, arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW, arrow.BOOL:
		return true
	case arrow.DICTIONARY:
		return isText(t.(*arrow.DictionaryType).ValueType)
	}
	return isInteger(t)
}

// isVector reports whether a column's cells are lists of floats.
func isVector(t arrow.DataType) bool {
	l, ok := t.(arrow.ListLikeType)
	return ok && t.ID() != arrow.MAP && isFloat(l.Elem())
}

// cell is one value of a column as metadata: nil, a bool, an int64, a float64 or a string, which does not hold on to the
// column's memory.
func cell(a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.String:
		return text(a.Value(i))
	case *array.LargeString:
		return text(a.Value(i))
	case *array.StringView:
		return text(a.Value(i))
	case *array.Binary:
		return text(string(a.Value(i)))
	case *array.LargeBinary:
		return text(string(a.Value(i)))
	case *array.Boolean:
		return a.Value(i)
	case *array.Int8:
		return int64(a.Value(i))
	case *array.Int16:
		return int64(a.Value(i))
	case *array.Int32:
		return int64(a.Value(i))
	case *array.Int64:
		return a.Value(i)
	case *array.Uint8:
		return int64(a.Value(i))
	case *array.Uint16:
		return int64(a.Value(i))
	case *array.Uint32:
		return int64(a.Value(i))
	case *array.Uint64:
		if v := a.Value(i); v <= math.MaxInt64 {
			return int64(v)
		}
	case *array.Float16:
		return number(float64(a.Value(i).Float32()))
	case *array.Float32:
		return number(float64(a.Value(i)))
	case *array.Float64:
		return number(a.Value(i))
	case *array.Dictionary:
		return cell(a.Dictionary(), a.GetValueIndex(i))
	case array.ExtensionArray:
		return cell(a.Storage(), i)
	case array.ListLike, *array.Struct:
		if b, err := json.Marshal(a.GetOneForMarshal(i)); err == nil {
			return text(string(b))
		}
	}
	return text(a.ValueStr(i))
}

// number is a float as metadata: JSON has none that are not finite.
func number(f float64) any {
	if math.IsNaN(f) {
		return nil
	}
	if math.IsInf(f, 0) {
		return fmt.Sprint(f)
	}
	return f
}

// text copies a string, and replaces what no store can keep.
func text(s string) string {
	if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
		return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	}
	return strings.Clone(s)
}

// plain writes a cell as the text of an id or a label; nil is empty.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return decimal(v)
	}
	return fmt.Sprint(v)
}

// float is one value of a column of numbers; NaN for null.
func float(a arrow.Array, i int) float64 {
	if a.IsValid(i) {
		switch a := a.(type) { // the common ones, without a cell
		case *array.Float32:
			return float64(a.Value(i))
		case *array.Float64:
			return a.Value(i)
		}
	}
	switch v := cell(a, i).(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	case string:
		switch v {
		case "+Inf":
			return math.Inf(1)
		case "-Inf":
			return math.Inf(-1)
		}
	}
	return math.NaN()
}

// vector appends the list in row i of a column to dst as float32, and says what is wrong with it.
func vector(dst []float32, column arrow.Array, i int) ([]float32, error) {
	if x, ok := column.(array.ExtensionArray); ok {
		column = x.Storage()
	}
	if column.IsNull(i) {
		return dst, fmt.Errorf("the vector is null")
	}
	list, ok := column.(array.ListLike)
	if !ok {
		return dst, fmt.Errorf("the column is of type %s, not lists", column.DataType())
	}
	lo, hi := list.ValueOffsets(i)
	values := list.ListValues()
	if lo < 0 || hi < lo || hi > int64(values.Len()) {
		return dst, fmt.Errorf("the list reaches from %d to %d of %d values: the file is damaged", lo, hi, values.Len())
	}
	for at := int(lo); at < int(hi); at++ {
		if values.IsNull(at) {
			return dst, fmt.Errorf("column %d of the vector is null: want numbers", at-int(lo))
		}
		var v float32
		switch values := values.(type) {
		case *array.Float32:
			v = values.Value(at)
		case *array.Float16:
			v = values.Value(at).Float32()
		case *array.Float64:
			wide := values.Value(at)
			if v = float32(wide); !finite(v) && !math.IsInf(wide, 0) && !math.IsNaN(wide) {
				return dst, fmt.Errorf("column %d of the vector, %v, does not fit float32", at-int(lo), wide)
			}
		default:
			return dst, fmt.Errorf("the vectors are of type %s, not floats", values.DataType())
		}
		if !finite(v) {
			return dst, fmt.Errorf("column %d of the vector is %v: want finite numbers", at-int(lo), v)
		}
		dst = append(dst, v)
	}
	return dst, nil
}
