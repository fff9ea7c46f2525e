package interchange

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
)

// TestTableIDs reads tables whose ids and epochs are of every type that other programs give them.
func TestTableIDs(t *testing.T) {
	vec := field("v", arrow.ListOf(arrow.PrimitiveTypes.Float32))
	rows := func(column string, values ...string) string {
		var list []string
		for i, v := range values {
			list = append(list, fmt.Sprintf(`{%q: %s, "v": [%d]}`, column, v, i))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	one := func(name string, dt arrow.DataType, values ...string) string {
		return arrowBytes(rows(name, values...), field(name, dt), vec)
	}
	both := func(name string, dt arrow.DataType, values ...string) string {
		var list []string
		for i, v := range values {
			list = append(list, fmt.Sprintf(`{"id": "s%d", %q: %s, "v": [%d]}`, i%2, name, v, i))
		}
		return arrowBytes("["+strings.Join(list, ",")+"]", field("id", arrow.BinaryTypes.String), field(name, dt), vec)
	}
	double, single, text := arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Float32, arrow.BinaryTypes.String
	for _, test := range []struct {
		name, content string
		o             Options
		want          string // ids | labels | epochs | columns, or the error
	}{
		{"doubles", one("id", double, "3", "1"), Options{}, "3 1||0|"},
		{"a double that is not whole", one("id", double, "3", "1.5"), Options{}, "row 1: the id is 1.5: want whole numbers or texts"},
		{"a double that stands for others", one("id", double, "3", "9007199254740994"), Options{}, "row 1: the id is 9.007199254740994e+15, and float64 does not tell whole numbers beyond 9007199254740992 apart"},
		{"a float that stands for others", one("id", single, "3", "16777218"), Options{}, "does not tell whole numbers beyond 16777216 apart"},
		{"a null", one("id", double, "3", "null"), Options{}, "row 1: the id is empty or null"},
		{"spaces around the name", one(" ID ", text, `"b"`, `"a"`), Options{}, "b a||0|"},
		{"an id of two words", one("Sample-ID", text, `"b"`, `"a"`), Options{}, "b a||0|"},
		{"a byte order mark before the name", one("\ufeffid", text, `"b"`, `"a"`), Options{}, "b a||0|"},
		{"MongoDB's name", one("_id", text, `"b"`, `"a"`), Options{}, "b a||0|"},
		{"uuid by name", one("uuid", text, `"b"`, `"a"`), Options{}, "b a||0|"},
		{"decimals", one("id", &arrow.Decimal128Type{Precision: 20, Scale: 2}, `"3.00"`, `"1.50"`), Options{}, "3 1.5||0|"},
		{"durations", one("id", arrow.FixedWidthTypes.Duration_s, "3", "1"), Options{}, `the column "id" is of type duration[s], which cannot be ids: want texts or whole numbers, or another column with --id-column, or none with --id-column -`},
		{"lists", one("id", arrow.ListOf(arrow.PrimitiveTypes.Int32), "[3]", "[1]"), Options{}, `the column "id" is of type list`},
		{"lists, none wanted", one("id", arrow.ListOf(arrow.PrimitiveTypes.Int32), "[3]", "[1]"), Options{ID: None}, "||0|id"},
		{"vectors called sample", arrowBytes(`[{"sample": [1]}, {"sample": [2]}]`, field("sample", arrow.ListOf(single))), Options{}, "||0|"},
		{"epoch as doubles", both("epoch", double, "1", "1", "2", "2"), Options{}, "s0 s1||1 2|"},
		{"epoch as text", both("epoch", text, `"1"`, `"1"`, `" 2.0"`, `"2"`), Options{}, "s0 s1||1 2|"},
		{"epoch as decimals", both("epoch", &arrow.Decimal128Type{Precision: 20, Scale: 0}, `"1"`, `"1"`, `"2"`, `"2"`), Options{}, "s0 s1||1 2|"},
		{"epoch as a half", both("epoch", double, "1", "1", "2.5", "2.5"), Options{}, "row 2: the epoch is 2.5: want a whole number from 0 to 2147483647; name the column of epochs with --epoch-column, or none with --epoch-column -"},
		{"epoch as words", both("epoch", text, `"Jura"`, `"Trias"`), Options{}, `row 0: the epoch is "Jura"`},
		{"epoch as words, none wanted", both("epoch", text, `"Jura"`, `"Trias"`), Options{Epoch: None}, "s0 s1||0|epoch"},
		{"step", both("step", double, "10", "10", "20", "20"), Options{}, "s0 s1||10 20|"},
		{"step without ids", one("step", double, "10", "10", "20", "20"), Options{}, "||10 20|"},
		{"step of each sample", both("step", arrow.PrimitiveTypes.Int32, "10", "20"), Options{}, "s0 s1||0|step"},
		{"step beside epoch", arrowBytes(`[{"epoch": 1, "step": 10, "v": [1]}, {"epoch": 2, "step": 20, "v": [1]}]`, field("step", arrow.PrimitiveTypes.Int64), field("epoch", double), vec), Options{}, "||1 2|"},
		{"nulls of every kind", arrowBytes(`[{"id": "a", "label": null, "n": null, "v": [1]}]`, field("id", text), field("label", arrow.Null), field("n", arrow.Null), vec), Options{}, "a||0|n"},
	} {
		t.Run(test.name, func(t *testing.T) { checkIdentity(t, write(t, test.content), test.o, test.want) })
	}
}

func checkIdentity(t *testing.T, path string, o Options, want string) *Dataset {
	t.Helper()
	d, err := Open(t.Context(), path, o)
	if err != nil {
		if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%v, want %q", err, want)
		}
		return nil
	}
	defer d.Close()
	var epochs, columns []string
	for e, err := range d.Epochs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		epochs = append(epochs, fmt.Sprint(e.Number))
	}
	for _, c := range d.Samples.Columns {
		columns = append(columns, c.Name)
		if strings.HasPrefix(c.Name, "n") && c.Values[0] != nil {
			t.Errorf("column %s is %#v, want nil", c.Name, c.Values)
		}
	}
	got := strings.Join([]string{strings.Join(d.Samples.IDs, " "), strings.Join(d.Samples.Labels, " "), strings.Join(epochs, " "), strings.Join(columns, " ")}, "|")
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
	return d
}

// A parquetID is a column of two ids, and what is read of it.
type parquetID struct {
	name    string
	logical schema.LogicalType
	kind    parquet.Type
	length  int
	values  any
	want    string
}

func parquetIDs() []parquetID {
	uuid := func(last byte) parquet.FixedLenByteArray {
		return append(bytes.Repeat([]byte{0x1a}, 15), last)
	}
	unscaled := func(n int64, width int) []byte { // big-endian, two's complement
		b := bytes.Repeat([]byte{byte(n >> 63)}, width)
		for i := 1; i <= min(width, 8); i++ {
			b[width-i] = byte(n >> (8 * (i - 1)))
		}
		return b
	}
	return []parquetID{
		{"UUID", schema.UUIDLogicalType{}, parquet.Types.FixedLenByteArray, 16, []parquet.FixedLenByteArray{uuid(3), uuid(1)},
			"1a1a1a1a-1a1a-1a1a-1a1a-1a1a1a1a1a03 1a1a1a1a-1a1a-1a1a-1a1a-1a1a1a1a1a01||0|"},
		{"DECIMAL of 32 bits", schema.NewDecimalLogicalType(9, 0), parquet.Types.Int32, 0, []int32{103, -101}, "103 -101||0|"},
		{"DECIMAL of 64 bits", schema.NewDecimalLogicalType(18, 2), parquet.Types.Int64, 0, []int64{10300, 150}, "103 1.5||0|"},
		{"DECIMAL of fixed length", schema.NewDecimalLogicalType(38, 0), parquet.Types.FixedLenByteArray, 16,
			[]parquet.FixedLenByteArray{unscaled(math.MaxInt64, 16), unscaled(-7, 16)}, "9223372036854775807 -7||0|"},
		{"DECIMAL of any length", schema.NewDecimalLogicalType(20, 0), parquet.Types.ByteArray, 0, []parquet.ByteArray{unscaled(300, 2), unscaled(-2, 1)}, "300 -2||0|"},
		{"DOUBLE", schema.NoLogicalType{}, parquet.Types.Double, 0, []float64{103, 101}, "103 101||0|"},
		{"bytes of fixed length", schema.NoLogicalType{}, parquet.Types.FixedLenByteArray, 3, []parquet.FixedLenByteArray{[]byte("abc"), []byte("def")},
			`the column "id" is of type FIXED_LEN_BYTE_ARRAY, which cannot be ids`},
		{"INTERVAL", schema.IntervalLogicalType{}, parquet.Types.FixedLenByteArray, 12, []parquet.FixedLenByteArray{make([]byte, 12), make([]byte, 12)},
			`the column "id" is of type Interval, which cannot be ids`},
	}
}

// TestParquetIDs reads ids of the types that only Parquet has.
func TestParquetIDs(t *testing.T) {
	for _, test := range parquetIDs() {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.parquet")
			writeIDs(t, path, test.logical, test.kind, test.length, test.values)
			checkIdentity(t, path, Options{}, test.want)
		})
	}
}

// writeIDs writes a Parquet file of two samples, with ids of a type and vectors of one column.
func writeIDs(t testing.TB, path string, logical schema.LogicalType, kind parquet.Type, length int, values any) {
	t.Helper()
	id, err := schema.NewPrimitiveNodeLogical("id", parquet.Repetitions.Required, logical, kind, length, -1)
	if err != nil {
		t.Fatal(err)
	}
	element := schema.NewFloat32Node("element", parquet.Repetitions.Required, -1)
	list, err := schema.ListOf(element, parquet.Repetitions.Required, -1)
	if err != nil {
		t.Fatal(err)
	}
	vector := schema.MustGroup(schema.NewGroupNodeLogical("vector", parquet.Repetitions.Required, schema.FieldList{list.Field(0)}, schema.ListLogicalType{}, -1))
	root := schema.MustGroup(schema.NewGroupNode("schema", parquet.Repetitions.Required, schema.FieldList{id, vector}, -1))
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := file.NewParquetWriter(f, root)
	group, err := w.AppendRowGroupChecked()
	if err != nil {
		t.Fatal(err)
	}
	c, err := group.NextColumn()
	if err != nil {
		t.Fatal(err)
	}
	switch v := values.(type) {
	case []int32:
		_, err = c.(*file.Int32ColumnChunkWriter).WriteBatch(v, nil, nil)
	case []int64:
		_, err = c.(*file.Int64ColumnChunkWriter).WriteBatch(v, nil, nil)
	case []float64:
		_, err = c.(*file.Float64ColumnChunkWriter).WriteBatch(v, nil, nil)
	case []parquet.ByteArray:
		_, err = c.(*file.ByteArrayColumnChunkWriter).WriteBatch(v, nil, nil)
	case []parquet.FixedLenByteArray:
		_, err = c.(*file.FixedLenByteArrayColumnChunkWriter).WriteBatch(v, nil, nil)
	}
	if err == nil {
		err = c.Close()
	}
	if err == nil {
		c, err = group.NextColumn()
	}
	if err == nil {
		_, err = c.(*file.Float32ColumnChunkWriter).WriteBatch([]float32{1, 2}, []int16{1, 1}, []int16{0, 0})
	}
	if err == nil {
		err = c.Close()
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestTableFloats reads a table as pandas writes it when a column had a missing value once: all its numbers are DOUBLE.
func TestTableFloats(t *testing.T) {
	double := arrow.PrimitiveTypes.Float64
	var rows []string
	for e := range 3 {
		for i := range 4 {
			rows = append(rows, fmt.Sprintf(`{"epoch": %d, "id": %d, "label": %d, "prediction": %g, "loss": 0.5, "v": [%d]}`, e, 10*i, i%2, float64(e)+0.5*float64(i%2), 100*e+i))
		}
	}
	content := arrowBytes("["+strings.Join(rows, ",")+"]", field("epoch", double), field("id", double), field("label", double),
		field("prediction", double), field("loss", double), field("v", arrow.ListOf(arrow.PrimitiveTypes.Float32)))
	d, err := Open(t.Context(), write(t, content), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if s := d.Samples; d.Count != 3 || s.Count != 4 || strings.Join(s.IDs, " ") != "0 10 20 30" || strings.Join(s.Labels, " ") != "0 1 0 1" || len(s.Columns) > 0 || len(d.Notes) > 0 {
		t.Errorf("%d epochs of %+v, %q", d.Count, s, d.Notes)
	}
	for e, err := range d.Epochs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%d %d.5 %d %d.5", e.Number, e.Number, e.Number, e.Number)
		if got := strings.Join(e.Outputs.Predictions, " "); got != want || e.Layers[0].Data[3] != float32(100*e.Number+3) {
			t.Errorf("epoch %d: predictions %s and vectors %v, want %s", e.Number, got, e.Layers[0].Data, want)
		}
	}
}

// TestNulls: what is null in a column is nil, also where the column's type hides it.
func TestNulls(t *testing.T) {
	ends := arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String)
	b := array.NewRunEndEncodedBuilder(memory.DefaultAllocator, ends.RunEnds(), ends.Encoded())
	b.Append(2)
	b.ValueBuilder().AppendNull()
	b.Append(1)
	b.ValueBuilder().(*array.StringBuilder).Append("x")
	union := arrow.DenseUnionOf([]arrow.Field{field("s", arrow.BinaryTypes.String)}, []arrow.UnionTypeCode{0})
	u := array.NewDenseUnionBuilder(memory.DefaultAllocator, union)
	u.AppendNull()
	u.AppendNull()
	u.AppendNull()
	for name, column := range map[string]arrow.Array{"null": array.NewNull(3), "run ends": b.NewArray(), "union": u.NewArray()} {
		if got := cells.Cell(column, 1); got != nil {
			t.Errorf("%s: %#v, want nil", name, got)
		}
		if got := cells.Cell(column, 2); name == "run ends" && got != "x" {
			t.Errorf("%s: %#v, want x", name, got)
		}
	}
}
