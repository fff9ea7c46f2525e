package interchange

import (
	"encoding/json"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/texts"
	"github.com/zoetrope-ml/zoetrope/internal/jsontext"
)

// isBinary reports whether a column holds bytes, which need not be text.
func isBinary(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return isBinary(t.ValueType)
	case *arrow.RunEndEncodedType:
		return isBinary(t.Encoded())
	case arrow.ExtensionType:
		return isBinary(t.StorageType())
	}
	return t.ID() == arrow.BINARY || t.ID() == arrow.LARGE_BINARY || t.ID() == arrow.BINARY_VIEW
}

// legible returns a column with all its texts readable: itself, as a rule, or one in which what is no UTF-8 is read as the
// encoding says. An error is of a row.
func legible(e texts.Encoding, a arrow.Array, r *ration.Ration) (readable arrow.Array, row int, err error) {
	of := cells.TextAt(a)
	if of == nil {
		row, err := legibleNested(a)
		return a, row, err
	}
	sound := true
	for i := 0; sound && i < a.Len(); i++ {
		if a.IsNull(i) {
			continue
		}
		s := of(i)
		if len(s) > limits.MaxText {
			return nil, i, limits.TooLong(len(s))
		}
		if err := r.Count(int64(len(s))); err != nil {
			return nil, i, err
		}
		sound = texts.Storable(s)
	}
	if sound {
		return a, 0, nil
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for i := range a.Len() {
		if cells.Cell(a, i) == nil {
			b.AppendNull()
			continue
		}
		s, err := e.Text(of(i))
		if err != nil {
			return nil, i, err
		}
		b.Append(s)
	}
	return b.NewArray(), 0, nil
}

// legibleNested checks the texts in lists and structs, which become JSON.
func legibleNested(a arrow.Array) (row int, err error) {
	switch a.(type) {
	case array.ListLike, *array.Struct:
	default:
		return 0, nil
	}
	if cells.IsVector(a.DataType()) {
		return 0, nil
	}
	for i := range a.Len() {
		if a.IsNull(i) {
			continue
		}
		cells.Weigh(a, i, limits.MaxText)
		if b, err := json.Marshal(a.GetOneForMarshal(i)); err == nil && (jsontext.Replaced(b) || jsontext.Check(b) != nil) {
			return i, fmt.Errorf("it holds text that is not UTF-8 or has a NUL character, as in %.80s: save it as UTF-8", b)
		}
	}
	return 0, nil
}

// legible makes the texts of a batch readable. Text that is none is an error, but in metadata of bytes, which need be none:
// such a column is left out.
func (r *roll) legible(columns []arrow.Array) ([]arrow.Array, error) {
	t := r.t
	list := make([]arrow.Array, len(columns))
	for k, c := range r.columns {
		f := t.file.Schema().Field(c)
		if list[k] = columns[k]; cells.IsVector(f.Type) {
			continue
		}
		a, row, err := legible(t.o.Encoding, columns[k], t.ration)
		switch {
		case err == nil && r.bytes[c] == nil:
			list[k] = a
		case !isBinary(f.Type) || c == t.id || c == t.label || c == t.epoch:
			return nil, fmt.Errorf("%s: row %d, column %q: %w", t.name, r.row+row, f.Name, err)
		default:
			if r.bytes[c] == nil {
				r.bytes[c] = fmt.Errorf("row %d: %w", r.row+row, err)
			}
			list[k] = array.NewNull(columns[k].Len())
		}
	}
	return list, nil
}
