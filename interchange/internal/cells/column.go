// Package cells reads the cells of columns as metadata, text or vectors, and says which kind of values a column has.
package cells

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/float16"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/internal/value"
)

func isInteger(t arrow.DataType) bool { return arrow.IsInteger(t.ID()) }

func IsFloat(t arrow.DataType) bool {
	return t.ID() == arrow.FLOAT16 || t.ID() == arrow.FLOAT32 || t.ID() == arrow.FLOAT64
}

func IsNumber(t arrow.DataType) bool { return IsFloat(t) || isInteger(t) }

// HasText reports whether the values of a column have a text, which [TextCell] gives: they can name things or be labels.
func HasText(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return HasText(t.ValueType)
	case arrow.ExtensionType:
		return t.ExtensionName() == "arrow.uuid" || HasText(t.StorageType())
	case arrow.DecimalType, *arrow.Date32Type, *arrow.Date64Type, *arrow.Time32Type, *arrow.Time64Type, *arrow.TimestampType, *arrow.BooleanType, *arrow.NullType:
		return true
	}
	return IsNumber(t) || arrow.IsBaseBinary(t.ID()) || t.ID() == arrow.STRING_VIEW || t.ID() == arrow.BINARY_VIEW
}

// NumbersEpochs reports whether a column can number the epochs: with whole numbers, be they floats or written as text.
func NumbersEpochs(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return NumbersEpochs(t.ValueType)
	case arrow.DecimalType:
		return true
	}
	return IsNumber(t) || arrow.IsBaseBinary(t.ID()) || t.ID() == arrow.STRING_VIEW
}

// FloatBits is the precision of a column of floats; 64 of others.
func FloatBits(t arrow.DataType) int {
	switch t.ID() {
	case arrow.FLOAT16:
		return 16
	case arrow.FLOAT32:
		return 32
	case arrow.DICTIONARY:
		return FloatBits(t.(*arrow.DictionaryType).ValueType)
	}
	return 64
}

// IsVector reports whether a column's cells are lists of floats.
func IsVector(t arrow.DataType) bool {
	l, ok := t.(arrow.ListLikeType)
	return ok && t.ID() != arrow.MAP && IsFloat(l.Elem())
}

// Cell is one value of a column as metadata: nil, a bool, an int64, a float64 or a string, which does not hold on to the
// column's memory.
func Cell(a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.String:
		return strings.Clone(a.Value(i))
	case *array.LargeString:
		return strings.Clone(a.Value(i))
	case *array.StringView:
		return strings.Clone(a.Value(i))
	case *array.Binary:
		return string(a.Value(i))
	case *array.LargeBinary:
		return string(a.Value(i))
	case *array.BinaryView:
		return string(a.Value(i))
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
		return Number(float64(half(a.Value(i))))
	case *array.Float32:
		return Number(float64(a.Value(i)))
	case *array.Float64:
		return Number(a.Value(i))
	case *array.Dictionary:
		return Cell(a.Dictionary(), a.GetValueIndex(i))
	case array.ExtensionArray:
		if a.ExtensionType().ExtensionName() == "arrow.uuid" {
			break // of which the storage is bytes
		}
		return Cell(a.Storage(), i)
	case *array.Date32:
		return value.Date(a.Value(i).ToTime())
	case *array.Date64:
		return value.Date(a.Value(i).ToTime())
	case *array.Timestamp:
		return moment(a.DataType().(*arrow.TimestampType), a.Value(i))
	case *array.Time32:
		return value.TimeOfDay(a.Value(i).ToTime(a.DataType().(*arrow.Time32Type).Unit))
	case *array.Time64:
		return value.TimeOfDay(a.Value(i).ToTime(a.DataType().(*arrow.Time64Type).Unit))
	case *array.Null:
		return nil
	case *array.RunEndEncoded:
		return Cell(a.Values(), a.GetPhysicalIndex(i))
	case array.ListLike, *array.Struct:
		Weigh(a, i, limits.MaxText)
		if b, err := json.Marshal(a.GetOneForMarshal(i)); err == nil {
			return string(b)
		}
	}
	if t, ok := a.DataType().(arrow.DecimalType); ok {
		return decimal(t, a.ValueStr(i))
	}
	if a.GetOneForMarshal(i) == nil { // as in a union, of which the values are null and not the union
		return nil
	}
	return strings.Clone(a.ValueStr(i))
}

// Weigh panics when the JSON text of a list or a struct would have more than about so many bytes. It returns how many are
// left. Lists in a damaged file may overlap, so that the text is far longer than the file.
func Weigh(a arrow.Array, i, left int) int {
	if left--; left < 0 {
		panic(fmt.Errorf("a list or a struct has more than %d bytes as text", limits.MaxText))
	}
	if a.IsNull(i) {
		return left
	}
	if of := TextAt(a); of != nil {
		return left - len(of(i))
	}
	switch a := a.(type) {
	case array.ListLike:
		values := a.ListValues()
		lo, hi := a.ValueOffsets(i)
		if lo < 0 || hi < lo || hi > int64(values.Len()) {
			panic(fmt.Errorf("a list reaches from %d to %d of %d values", lo, hi, values.Len()))
		}
		for at := lo; at < hi; at++ {
			left = Weigh(values, int(at), left)
		}
	case *array.Struct:
		for k := range a.NumField() {
			left = Weigh(a.Field(k), i, left)
		}
	case array.ExtensionArray:
		return Weigh(a.Storage(), i, left)
	case *array.Dictionary:
		return Weigh(a.Dictionary(), a.GetValueIndex(i), left)
	case *array.RunEndEncoded:
		return Weigh(a.Values(), a.GetPhysicalIndex(i), left)
	}
	return left
}

// Number is a float as metadata: JSON has none that are not finite, but their text.
func Number(f float64) any {
	switch {
	case math.IsNaN(f):
		return nil
	case math.IsInf(f, 0):
		return value.Float(f, 64)
	}
	return f
}

// half is exact, which the library's own conversion is not below 2⁻¹⁴.
func half(n float16.Num) float32 { return FromHalf(n.Uint16()) }

// decimal is a number with a fixed number of decimals as metadata: whole, or of so few digits that a float64 tells all
// apart, or its text.
func decimal(t arrow.DecimalType, s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && t.GetScale() <= 0 {
		return n
	}
	const most = 15 // decimal digits that every float64 keeps
	if f, err := strconv.ParseFloat(s, 64); err == nil && t.GetPrecision() <= most {
		return f
	}
	return value.Decimal(s)
}

// moment is a time stamp as text: without a zone, the clock on the wall.
func moment(t *arrow.TimestampType, v arrow.Timestamp) string {
	if when := v.ToTime(t.Unit); t.TimeZone == "" {
		return value.LocalTime(when)
	} else {
		return value.Time(when)
	}
}

// TextCell is one value of a column that [HasText], as the text of an id, a label or a prediction; null and NaN are empty.
// It knows of which precision a float is, which a cell does not.
func TextCell(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return ""
	}
	switch a := a.(type) {
	case *array.Float16:
		return value.Float(float64(half(a.Value(i))), 16)
	case *array.Float32:
		return value.Float(float64(a.Value(i)), 32)
	case *array.Float64:
		return value.Float(a.Value(i), 64)
	case *array.Dictionary:
		return TextCell(a.Dictionary(), a.GetValueIndex(i))
	}
	return Plain(Cell(a, i))
}

// Plain writes a cell as text; nil is empty.
func Plain(v any) string {
	s, _ := value.Text(v) // a cell has one
	return s
}

// Float is one value of a column of numbers; NaN for null.
func Float(a arrow.Array, i int) float64 {
	if a.IsValid(i) {
		switch a := a.(type) { // the common ones, without a cell
		case *array.Float32:
			return float64(a.Value(i))
		case *array.Float64:
			return a.Value(i)
		}
	}
	switch v := Cell(a, i).(type) {
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

// List finds the list in row i of a column: from lo to hi of the values.
func List(column arrow.Array, i int) (values arrow.Array, lo, hi int, err error) {
	if x, ok := column.(array.ExtensionArray); ok {
		column = x.Storage()
	}
	if column.IsNull(i) {
		return nil, 0, 0, fmt.Errorf("the vector is null")
	}
	lists, ok := column.(array.ListLike)
	if !ok {
		return nil, 0, 0, fmt.Errorf("the column is of type %s, not lists", column.DataType())
	}
	from, to := lists.ValueOffsets(i)
	values = lists.ListValues()
	if from < 0 || to < from || to > int64(values.Len()) {
		return nil, 0, 0, fmt.Errorf("the list reaches from %d to %d of %d values: the file is damaged", from, to, values.Len())
	}
	return values, int(from), int(to), nil
}

// Vector appends a list to dst as float32, and says what is wrong with it.
func Vector(dst []float32, values arrow.Array, lo, hi int) ([]float32, error) {
	for at := lo; at < hi; at++ {
		if values.IsNull(at) {
			return dst, fmt.Errorf("column %d of the vector is null: want numbers", at-lo)
		}
		var v float32
		switch values := values.(type) {
		case *array.Float32:
			v = values.Value(at)
		case *array.Float16:
			v = half(values.Value(at))
		case *array.Float64:
			wide := values.Value(at)
			if v = float32(wide); !Finite(v) && !math.IsInf(wide, 0) && !math.IsNaN(wide) {
				return dst, fmt.Errorf("column %d of the vector, %v, does not fit float32", at-lo, wide)
			}
		default:
			return dst, fmt.Errorf("the vectors are of type %s, not floats", values.DataType())
		}
		if !Finite(v) {
			return dst, fmt.Errorf("column %d of the vector is %v: want finite numbers", at-lo, v)
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// TextAt returns how the cells of a column of texts or bytes are read; nil for other columns.
func TextAt(a arrow.Array) func(i int) string {
	switch a := a.(type) {
	case *array.String:
		return a.Value
	case *array.LargeString:
		return a.Value
	case *array.StringView:
		return a.Value
	case *array.Binary:
		return a.ValueString
	case *array.LargeBinary:
		return a.ValueString
	case *array.BinaryView:
		return a.ValueString
	case *array.Dictionary:
		if of := TextAt(a.Dictionary()); of != nil {
			return func(i int) string { return of(a.GetValueIndex(i)) }
		}
	case *array.RunEndEncoded:
		if of := TextAt(a.Values()); of != nil {
			return func(i int) string { return of(a.GetPhysicalIndex(i)) }
		}
	case array.ExtensionArray:
		if a.ExtensionType().ExtensionName() != "arrow.uuid" {
			return TextAt(a.Storage())
		}
	}
	return nil
}

// Finite reports whether v is a number that can be stored.
func Finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// FromHalf converts an IEEE 754 binary16, subnormals included (npyio's conversion gets those wrong).
func FromHalf(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, frac := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exp {
	case 0: // zero and subnormals: frac · 2⁻²⁴
		f := float32(frac) * 0x1p-24
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 0x1f: // infinity and NaN
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}
