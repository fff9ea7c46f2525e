package interchange

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/texts"
)

// arrowTexts is an Arrow stream of two rows with vectors and one more column, whose builder is given the values.
func arrowTexts(name string, t arrow.DataType, add func(b array.Builder)) string {
	schema := arrow.NewSchema([]arrow.Field{field("vector", arrow.ListOf(arrow.PrimitiveTypes.Float32)), field(name, t)}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range 2 {
		b.Field(0).(*array.ListBuilder).Append(true)
		b.Field(0).(*array.ListBuilder).ValueBuilder().(*array.Float32Builder).Append(float32(i))
	}
	add(b.Field(1))
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(schema))
	w.Write(b.NewRecordBatch())
	w.Close()
	return out.String()
}

// TestTypedText has text that is none refused in every typed format, by its place, or read as the encoding says.
func TestTypedText(t *testing.T) {
	latin, err := texts.ParseEncoding("latin-1")
	if err != nil {
		t.Fatal(err)
	}
	texts := func(list ...string) func(array.Builder) {
		return func(b array.Builder) {
			for _, s := range list {
				switch b := b.(type) {
				case *array.StringBuilder:
					b.Append(s)
				case *array.LargeStringBuilder:
					b.Append(s)
				case *array.StringViewBuilder:
					b.Append(s)
				case *array.BinaryBuilder:
					b.Append([]byte(s))
				case *array.BinaryDictionaryBuilder:
					b.AppendString(s)
				default:
					panic(fmt.Sprintf("%T", b))
				}
			}
		}
	}
	text, binary := arrow.BinaryTypes.String, arrow.BinaryTypes.Binary
	dictionary := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: text}
	floats := npyBytes("'<f4'", "False", "(2, 1)", strings.Repeat("\x00", 8))
	s6 := func(a, b string) string { return npyBytes("'|S6'", "False", "(2,)", a+b) }
	for _, test := range []struct{ name, content, want, decoded string }{
		{"label", arrowTexts("label", text, texts("Zurich", "Z\xfcrich")), `row 1, column "label": "Z\xfcrich" is not UTF-8: save the file as UTF-8, or say with --encoding`, "Zurich Zürich"},
		{"long label", arrowTexts("label", arrow.BinaryTypes.LargeString, texts("é", "\xe9")), `row 1, column "label": "\xe9"`, "é é"},
		{"label in a view", arrowTexts("label", arrow.BinaryTypes.StringView, texts("\xe9", "b")), `row 0, column "label": "\xe9"`, "é b"},
		{"label of bytes", arrowTexts("label", binary, texts("a", "\xe9")), `row 1, column "label": "\xe9"`, "a é"},
		{"id", arrowTexts("id", text, texts("a", "\xe9")), `row 1, column "id": "\xe9"`, "a é"},
		{"metadata", arrowTexts("note", text, texts("a", "\xe9")), `row 1, column "note": "\xe9"`, "a é"},
		{"metadata in a dictionary", arrowTexts("note", dictionary, texts("a", "\xe9")), `row 1, column "note": "\xe9"`, "a é"},
		{"prediction", arrowTexts("prediction", text, texts("a", "\xe9")), `row 1, column "prediction": "\xe9"`, "a é"},
		{"NUL", arrowTexts("label", text, texts("a", "b\x00c")), `row 1, column "label": "b\x00c" has a NUL character`, ""},
		{"in lists", arrowTexts("note", arrow.ListOf(text), func(b array.Builder) {
			for _, s := range []string{"a", "\xe9"} {
				b.(*array.ListBuilder).Append(true)
				b.(*array.ListBuilder).ValueBuilder().(*array.StringBuilder).Append(s)
			}
		}), `row 1, column "note": it holds text that is not UTF-8`, ""},
		{"npz labels", npzBytes("v.npy", floats, "labels.npy", s6("Zurich", "Z\xfcrich")), `labels.npy: label 1 is not valid text: "Z\xfcrich" is not UTF-8`, "Zurich Zürich"},
		{"npz metadata", npzBytes("v.npy", floats, "note.npy", s6("Zurich", "Z\xfcrich")), `note.npy: element 1 is not valid text: "Z\xfcrich" is not UTF-8`, "Zurich Zürich"},
		{"npz NUL", npzBytes("v.npy", floats, "labels.npy", npyBytes("'<U3'", "False", "(2,)", "a\x00\x00\x00\x00\x00\x00\x00b\x00\x00\x00c\x00\x00\x00"+strings.Repeat("\x00", 8))), `labels.npy: label 0 is not valid text: "a\x00b" has a NUL`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.content)
			checkBad(t, path, Options{}, path, test.want)
			if test.decoded == "" {
				checkBad(t, path, Options{Encoding: latin}, path, "")
				return
			}
			c := read(t, path, Options{Encoding: latin})
			got := strings.Join(c.samples.IDs, " ") + strings.Join(c.samples.Labels, " ")
			for _, column := range c.samples.Columns {
				got += strings.Trim(fmt.Sprint(column.Values), "[]")
			}
			for _, e := range c.epochs {
				if e.Outputs != nil {
					got += strings.Join(e.Outputs.Predictions, " ")
				}
			}
			if got != test.decoded {
				t.Errorf("it reads %q, want %q", got, test.decoded)
			}
		})
	}
	t.Run("metadata of bytes", func(t *testing.T) { // which need be no text
		path := write(t, arrowTexts("note", binary, texts("a", "\x89PNG")))
		d, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if notes := strings.Join(d.Notes, "; "); len(d.Samples.Columns) != 0 || !strings.Contains(notes, `the column "note" holds bytes that are no text and is left out: row 1: "\x89PNG" is not UTF-8`) {
			t.Errorf("columns %v, notes %s", d.Samples.Columns, notes)
		}
	})
}
