package interchange

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/embedding"
)

func npzFile(t *testing.T, name, array string, n int) string {
	t.Helper()
	if array == "" {
		return ""
	}
	return inFile(t, "a.npz", npzBytes("vectors.npy", npyBytes("'<f4'", "False", fmt.Sprintf("(%d, 1)", n), strings.Repeat("\x00\x00\x80\x3f", n)), name, array))
}

// delimitedFile is a file of text, whose values are nothing but text.
func delimitedFile(t *testing.T, kind string, values []string, name, comma string) string {
	t.Helper()
	if kind != "text" {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "x%slabel\n", comma)
	for i, s := range values {
		fmt.Fprintf(&b, "%d%s%s\n", i, comma, s)
	}
	return inFile(t, name, b.String())
}

func jsonlFile(t *testing.T, kind string, values []string) string {
	t.Helper()
	var b strings.Builder
	for _, s := range values {
		switch kind {
		case "text":
			s = strconv.Quote(s)
		case "null":
			s = "null"
		case "json", "bool", "int64", "uint64":
		default:
			return ""
		}
		fmt.Fprintf(&b, "{\"x\": 1, \"label\": %s}\n", s)
	}
	return inFile(t, "m.jsonl", b.String())
}

// projectorFolder is a folder of TensorBoard's projector with labels, and other columns; bareProjectorFolder has no column
// that is called label.
func projectorFolder(t *testing.T, kind string, values []string) string {
	t.Helper()
	return projector(t, kind, values, "x\tlabel\n", "7\t")
}

func bareProjectorFolder(t *testing.T, kind string, values []string) string {
	t.Helper()
	return projector(t, kind, values, "", "")
}

func projector(t *testing.T, kind string, values []string, head, before string) string {
	t.Helper()
	if kind != "text" {
		return ""
	}
	dir := t.TempDir()
	var tsv, vectors strings.Builder
	tsv.WriteString(head)
	for i, s := range values {
		fmt.Fprintf(&tsv, "%s%s\n", before, s)
		fmt.Fprintf(&vectors, "%d\t1\n", i)
	}
	for name, content := range map[string]string{
		"metadata.tsv": tsv.String(), "vectors.tsv": vectors.String(),
		embedding.ConfigName: "embeddings {\n  tensor_name: \"a\"\n  tensor_path: \"vectors.tsv\"\n  metadata_path: \"metadata.tsv\"\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// arrowFileOf is a stream of Arrow with values of a type in a column.
func arrowFileOf(t *testing.T, name, kind string, values []string) string {
	t.Helper()
	kindOf, known := arrowTypes[kind]
	if !known {
		return ""
	}
	s := arrow.NewSchema([]arrow.Field{field(name, kindOf), field("vector", arrow.FixedSizeListOf(1, arrow.PrimitiveTypes.Float32))}, nil)
	b := array.NewRecordBuilder(memory.NewGoAllocator(), s)
	for _, v := range values {
		if kind == "null" {
			b.Field(0).AppendNull()
		} else if ts, ok := b.Field(0).(*array.TimestampBuilder); ok {
			ts.Append(arrow.Timestamp(stamp(t, v).UnixMicro()))
		} else if h, ok := b.Field(0).(*array.Float16Builder); ok {
			f, _ := strconv.ParseFloat(v, 64)
			h.Append(float16.FromBits(halfBits(f)))
		} else if err := b.Field(0).AppendValueFromString(v); err != nil {
			t.Fatal(err)
		}
		list := b.Field(1).(*array.FixedSizeListBuilder)
		list.Append(true)
		list.ValueBuilder().(*array.Float32Builder).Append(1)
	}
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(s))
	if err := w.Write(b.NewRecordBatch()); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return inFile(t, "a.arrows", out.String())
}

// parquetFileOf is a Parquet file with values of a type in a column.
func parquetFileOf(t *testing.T, name, kind string, values []string) string {
	t.Helper()
	var logical schema.LogicalType = schema.NoLogicalType{}
	physical, length := parquet.Types.Int64, -1
	switch kind {
	case "text":
		logical, physical = schema.StringLogicalType{}, parquet.Types.ByteArray
	case "bool":
		physical = parquet.Types.Boolean
	case "null", "int8", "int16", "int32", "uint8", "uint16", "uint32":
		physical = parquet.Types.Int32
		if bits, err := strconv.Atoi(strings.TrimLeft(kind, "uint")); err == nil {
			logical = schema.NewIntLogicalType(int8(bits), kind[0] == 'i')
		}
	case "int64":
	case "uint64":
		logical = schema.NewIntLogicalType(64, false)
	case "float16":
		logical, physical, length = schema.Float16LogicalType{}, parquet.Types.FixedLenByteArray, 2
	case "float32":
		physical = parquet.Types.Float
	case "float64":
		physical = parquet.Types.Double
	case "decimal":
		logical, physical, length = schema.NewDecimalLogicalType(30, 2), parquet.Types.FixedLenByteArray, 13
	case "date":
		logical, physical = schema.DateLogicalType{}, parquet.Types.Int32
	case "datetime":
		logical = schema.NewTimestampLogicalType(false, schema.TimeUnitMicros)
	case "moment":
		logical = schema.NewTimestampLogicalType(true, schema.TimeUnitMicros)
	default:
		return ""
	}
	label, err := schema.NewPrimitiveNodeLogical(name, parquet.Repetitions.Optional, logical, physical, length, -1)
	if err != nil {
		t.Fatal(err)
	}
	element, _ := schema.NewPrimitiveNode("element", parquet.Repetitions.Required, parquet.Types.Float, -1, -1)
	vector, _ := schema.ListOfWithName("vector", element, parquet.Repetitions.Required, -1)
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, schema.FieldList{label, vector}, -1)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := file.NewParquetWriter(&out, root)
	group, err := w.AppendRowGroupChecked()
	if err != nil {
		t.Fatal(err)
	}
	c := &parquetColumns{g: group, n: len(values)}
	column, err := c.g.NextColumn()
	if err != nil {
		t.Fatal(err)
	}
	defs := make([]int16, len(values))
	for i := range defs {
		defs[i] = b2i16(kind != "null")
	}
	writeTyped(t, column, kind, values, defs)
	if err := column.Close(); err != nil {
		t.Fatal(err)
	}
	c.vectorsOfOne(t)
	if err := c.g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return inFile(t, "a.parquet", out.String())
}

func b2i16(b bool) int16 { return int16(b2i(b)) }

// vectorsOfOne writes a vector of one number for each row.
func (w *parquetColumns) vectorsOfOne(t *testing.T) {
	column, err := w.g.NextColumn()
	if err != nil {
		t.Fatal(err)
	}
	values, defs, reps := make([]float32, w.n), make([]int16, w.n), make([]int16, w.n)
	for i := range defs {
		defs[i] = 1
	}
	column.(*file.Float32ColumnChunkWriter).WriteBatch(values, defs, reps)
	column.Close()
}

func writeTyped(t *testing.T, column file.ColumnChunkWriter, kind string, values []string, defs []int16) {
	t.Helper()
	var err error
	switch c := column.(type) {
	case *file.BooleanColumnChunkWriter:
		_, err = c.WriteBatch(each(values, func(s string) bool { return s == "true" }), defs, nil)
	case *file.Int32ColumnChunkWriter:
		if kind == "null" {
			values = nil
		}
		_, err = c.WriteBatch(each(values, func(s string) int32 {
			if kind == "date" {
				return int32(math.Floor(float64(stamp(t, s).Unix()) / 86400))
			}
			n, _ := strconv.ParseInt(s, 10, 64)
			return int32(n)
		}), defs, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = c.WriteBatch(each(values, func(s string) int64 {
			if kind == "datetime" || kind == "moment" {
				return stamp(t, s).UnixMicro()
			}
			if kind == "uint64" {
				u, _ := strconv.ParseUint(s, 10, 64)
				return int64(u)
			}
			n, _ := strconv.ParseInt(s, 10, 64)
			return n
		}), defs, nil)
	case *file.Float32ColumnChunkWriter:
		_, err = c.WriteBatch(each(values, func(s string) float32 { f, _ := strconv.ParseFloat(s, 32); return float32(f) }), defs, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = c.WriteBatch(each(values, func(s string) float64 { f, _ := strconv.ParseFloat(s, 64); return f }), defs, nil)
	case *file.ByteArrayColumnChunkWriter:
		_, err = c.WriteBatch(each(values, func(s string) parquet.ByteArray { return parquet.ByteArray(s) }), defs, nil)
	case *file.FixedLenByteArrayColumnChunkWriter:
		_, err = c.WriteBatch(each(values, func(s string) parquet.FixedLenByteArray {
			if kind == "float16" {
				f, _ := strconv.ParseFloat(s, 64)
				return binary.LittleEndian.AppendUint16(nil, halfBits(f))
			}
			whole, fraction, _ := strings.Cut(s, ".")
			n, _ := new(big.Int).SetString(whole+(fraction + "00")[:2], 10)
			b := make([]byte, 13)
			if n.Sign() < 0 {
				n.Add(n, new(big.Int).Lsh(big.NewInt(1), 8*13))
			}
			return n.FillBytes(b)
		}), defs, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func each[T any](values []string, f func(string) T) []T {
	list := make([]T, len(values))
	for i, s := range values {
		list[i] = f(s)
	}
	return list
}

// npyOfKind is an .npy array of values of a type; "" where NumPy has none.
func npyOfKind(t *testing.T, kind string, values []string) string {
	t.Helper()
	var data bytes.Buffer
	descr := ""
	put := func(s string, v any) {
		descr = s
		if err := binary.Write(&data, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	longest := 1
	for _, s := range values {
		longest = max(longest, utf8.RuneCountInString(s))
	}
	for _, s := range values {
		n, _ := strconv.ParseInt(s, 10, 64)
		u, _ := strconv.ParseUint(s, 10, 64)
		f, _ := strconv.ParseFloat(s, 64)
		switch kind {
		case "text":
			row := make([]rune, longest)
			copy(row, []rune(s))
			put(fmt.Sprintf("<U%d", longest), row)
		case "bool":
			put("|b1", s == "true")
		case "int8":
			put("|i1", int8(n))
		case "int16":
			put("<i2", int16(n))
		case "int32":
			put("<i4", int32(n))
		case "int64":
			put("<i8", n)
		case "uint8":
			put("|u1", uint8(u))
		case "uint16":
			put("<u2", uint16(u))
		case "uint32":
			put("<u4", uint32(u))
		case "uint64":
			put("<u8", u)
		case "float16":
			put("<f2", halfBits(f))
		case "float32":
			f, _ := strconv.ParseFloat(s, 32)
			put("<f4", float32(f))
		case "float64":
			put("<f8", f)
		case "date":
			put("<M8[D]", stamp(t, s).Unix()/86400-b2i(stamp(t, s).Unix()%86400 < 0))
		case "datetime":
			put("<M8[us]", stamp(t, s).UnixMicro())
		default:
			return ""
		}
	}
	return npyBytes("'"+descr+"'", "False", fmt.Sprintf("(%d,)", len(values)), data.String())
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// halfBits is a float as binary16, which the test's values are.
func halfBits(f float64) uint16 {
	best, distance := uint16(0x7e00), math.Inf(1)
	for b := range uint32(1 << 16) {
		if d := math.Abs(float64(cells.FromHalf(uint16(b))) - f); d < distance {
			best, distance = uint16(b), d
		}
	}
	return best
}
