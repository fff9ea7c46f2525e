package interchange

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
)

// A textRow is a row of the table of package value.
type textRow struct{ Type, Value, Text, Refused string }

// An entrance is a kind of file that brings labels in. file makes one of the values of one type, as the labels of a sample
// each, or "" where it knows no such type; labels reads them.
type entrance struct {
	name   string
	file   func(t *testing.T, kind string, values []string) string
	labels func(t *testing.T, path string, n int) ([]string, error)
}

// TestTexts brings every value of the table of package value in, in every type and by every kind of file that has that
// type: the text is the one that the table says.
func TestTexts(t *testing.T) {
	b, err := os.ReadFile("../internal/value/testdata/texts.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []textRow
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	of := map[string][]textRow{}
	for _, row := range table {
		if !slices.Contains(kinds, row.Type) {
			kinds = append(kinds, row.Type)
		}
		of[row.Type] = append(of[row.Type], row)
	}
	opened := func(t *testing.T, path string, _ int) ([]string, error) {
		d, err := Open(t.Context(), path, Options{})
		if err != nil {
			return nil, err
		}
		defer d.Close()
		return d.Samples.Labels, nil
	}
	predicted := func(t *testing.T, path string, n int) ([]string, error) {
		d, err := Open(t.Context(), path, Options{})
		if err != nil {
			return nil, err
		}
		defer d.Close()
		for e, err := range d.Epochs(t.Context()) {
			if err != nil || e.Outputs == nil {
				return nil, err
			}
			return e.Outputs.Predictions, nil
		}
		return nil, nil
	}
	metadata := func(t *testing.T, path string, _ int) ([]string, error) {
		m, err := ReadMetadata(path, Options{})
		if err != nil {
			return nil, err
		}
		return m.Labels, nil
	}
	tested := map[string]int{}
	for _, in := range []entrance{
		{"npy", func(t *testing.T, kind string, values []string) string {
			return inFile(t, "l.npy", npyOfKind(t, kind, values))
		}, func(t *testing.T, path string, _ int) ([]string, error) { return npy.ReadLabels(path) }},
		{"npz", func(t *testing.T, kind string, values []string) string {
			return npzFile(t, "labels.npy", npyOfKind(t, kind, values), len(values))
		}, opened},
		{"CSV", func(t *testing.T, kind string, values []string) string {
			return delimitedFile(t, kind, values, "m.csv", ",")
		}, metadata},
		{"TSV", func(t *testing.T, kind string, values []string) string {
			return delimitedFile(t, kind, values, "m.tsv", "\t")
		}, metadata},
		{"JSONL", jsonlFile, metadata},
		{"Arrow", func(t *testing.T, kind string, values []string) string { return arrowFileOf(t, "label", kind, values) }, opened},
		{"Arrow, predictions", func(t *testing.T, kind string, values []string) string {
			return arrowFileOf(t, "prediction", kind, values)
		}, predicted},
		{"Parquet", func(t *testing.T, kind string, values []string) string {
			return parquetFileOf(t, "label", kind, values)
		}, opened},
		{"Parquet, predictions", func(t *testing.T, kind string, values []string) string {
			return parquetFileOf(t, "prediction", kind, values)
		}, predicted},
		{"projector", projectorFolder, opened},
		{"projector of one column", bareProjectorFolder, opened},
	} {
		for _, kind := range kinds {
			t.Run(in.name+"/"+kind, func(t *testing.T) {
				var values, want []string
				for _, row := range of[kind] {
					if row.Refused == "" {
						values, want = append(values, row.Value), append(want, row.Text)
						continue
					}
					if path := in.file(t, kind, []string{row.Value}); path != "" {
						if got, err := in.labels(t, path, 1); err == nil || !strings.Contains(err.Error(), row.Refused) {
							t.Errorf("%s is %q, %v: want it refused with %q", row.Value, got, err, row.Refused)
						}
					}
				}
				path := in.file(t, kind, values)
				if path == "" {
					t.Skip("this kind of file has no such type")
				}
				tested[in.name]++
				got, err := in.labels(t, path, len(values))
				if err != nil {
					t.Fatal(err)
				}
				if !slices.ContainsFunc(want, func(s string) bool { return s != "" }) {
					want = nil // no labels at all
					if len(got) > 0 && !slices.ContainsFunc(got, func(s string) bool { return s != "" }) {
						got = nil
					}
				}
				for i := range max(len(got), len(want)) {
					if i >= len(got) || i >= len(want) || got[i] != want[i] {
						t.Errorf("%d texts, the one of %s is %q, want %q", len(got), values[min(i, len(values)-1)], got[min(i, len(got)):], want[min(i, len(want)):])
						break
					}
				}
			})
		}
	}
	for name, least := range map[string]int{"npy": 15, "npz": 15, "CSV": 1, "TSV": 1, "JSONL": 6, "Arrow": 18, "Parquet": 18, "projector": 1, "projector of one column": 1} {
		if tested[name] < least {
			t.Errorf("%s had %d types, want %d", name, tested[name], least)
		}
	}
}

// inFile puts content in a file of a fresh folder; "" of none.
func inFile(t *testing.T, name, content string) string {
	t.Helper()
	if content == "" {
		return ""
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// stamp reads a date, with or without a time of day and a zone.
func stamp(t *testing.T, s string) time.Time {
	t.Helper()
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.RFC3339} {
		if d, err := time.Parse(layout, s); err == nil {
			return d
		}
	}
	t.Fatalf("%s is no date", s)
	return time.Time{}
}

// arrowTypes are Arrow's types of the table's.
var arrowTypes = map[string]arrow.DataType{
	"text": arrow.BinaryTypes.String, "null": arrow.Null, "bool": arrow.FixedWidthTypes.Boolean,
	"int8": arrow.PrimitiveTypes.Int8, "int16": arrow.PrimitiveTypes.Int16, "int32": arrow.PrimitiveTypes.Int32, "int64": arrow.PrimitiveTypes.Int64,
	"uint8": arrow.PrimitiveTypes.Uint8, "uint16": arrow.PrimitiveTypes.Uint16, "uint32": arrow.PrimitiveTypes.Uint32, "uint64": arrow.PrimitiveTypes.Uint64,
	"float16": arrow.FixedWidthTypes.Float16, "float32": arrow.PrimitiveTypes.Float32, "float64": arrow.PrimitiveTypes.Float64,
	"decimal": &arrow.Decimal128Type{Precision: 30, Scale: 2}, "date": arrow.FixedWidthTypes.Date32,
	"datetime": &arrow.TimestampType{Unit: arrow.Microsecond}, "moment": &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "Europe/Zurich"},
}

// TestHalfVectors reads vectors of float16, also of those numbers that are below 2⁻¹⁴.
func TestHalfVectors(t *testing.T) {
	want := []float32{6e-8, -1e-5, 0.1, 65504}
	list := arrow.FixedSizeListOf(int32(len(want)), arrow.FixedWidthTypes.Float16)
	b := array.NewFixedSizeListBuilder(memory.NewGoAllocator(), int32(len(want)), arrow.FixedWidthTypes.Float16)
	b.Append(true)
	for i, v := range want {
		bits := halfBits(float64(v))
		b.ValueBuilder().(*array.Float16Builder).Append(float16.FromBits(bits))
		want[i] = cells.FromHalf(bits)
	}
	s := arrow.NewSchema([]arrow.Field{field("vector", list)}, nil)
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(s))
	if err := w.Write(array.NewRecordBatch(s, []arrow.Array{b.NewArray()}, 1)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	for _, e := range read(t, inFile(t, "a.arrows", out.String()), Options{}).epochs {
		if got := e.Layers[0].Data; !slices.Equal(got, want) {
			t.Errorf("the vector is %v, want %v", got, want)
		}
	}
}
