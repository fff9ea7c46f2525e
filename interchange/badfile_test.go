package interchange

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/embedding"
)

// npzBytes is an archive of arrays, each after its name.
func npzBytes(parts ...string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, _ := z.CreateHeader(&zip.FileHeader{Name: parts[i], Method: zip.Store})
		w.Write([]byte(parts[i+1]))
	}
	z.Close()
	return b.String()
}

// arrowBytes is an Arrow stream of one batch, given as JSON.
func arrowBytes(rows string, fields ...arrow.Field) string {
	schema := arrow.NewSchema(fields, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(schema))
	w.Write(batch)
	w.Close()
	return b.String()
}

func field(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

// writeInterleaved writes a table in which all epochs of a sample stand together, and the value in column 0 of its vector
// is 1000·epoch + sample.
func writeInterleaved(t *testing.T, path string, epochs, n, dim int) {
	t.Helper()
	var rows []string
	for i := range n {
		for e := range epochs {
			rows = append(rows, fmt.Sprintf(`{"epoch": %d, "id": "s%d", "vector": [%d%s]}`, e, i, e*1000+i, strings.Repeat(", 0.5", dim-1)))
		}
	}
	text := arrowBytes("["+strings.Join(rows, ",")+"]", field("epoch", arrow.PrimitiveTypes.Int64), field("id", arrow.BinaryTypes.String),
		field("vector", arrow.ListOf(arrow.PrimitiveTypes.Float64)))
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// exportBytes is what Export writes.
func exportBytes(t *testing.T, format string, src *Source) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a")
	if _, err := Export(context.Background(), path, format, src, nil); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestBadDatasets gives the answer to files that cannot be used. Each names the file and what was expected.
func TestBadDatasets(t *testing.T) {
	list := arrow.ListOf(arrow.PrimitiveTypes.Float32)
	id, vec := field("id", arrow.BinaryTypes.String), field("vector", list)
	epoch := field("epoch", arrow.PrimitiveTypes.Int32)
	nan := arrowBytes(`[{"id": "a", "vector": [1, 2]}, {"id": "b", "vector": [3, 7]}]`, id, vec)
	nan = strings.Replace(nan, "\x00\x00\xe0\x40", "\x00\x00\xc0\x7f", 1) // 7 becomes NaN
	zeros := npyBytes("'<f4'", "False", "(3, 2)", strings.Repeat("\x00", 24))
	npz := npzBytes("embeddings.npy", zeros, "labels.npy", npyBytes("'<i4'", "False", "(2,)", strings.Repeat("\x00", 8)))
	parquet := exportBytes(t, "parquet", made(2, 20, 5, 2))
	arrowFile := exportBytes(t, "arrow", made(2, 20, 5, 2))
	huge := npyBytes("'<f4'", "False", "(1000000000000, 8)", "")
	for _, test := range []struct {
		name, content, want string
		o                   Options
	}{
		{"empty file", "", "is empty: want an .npy file, an .npz file, a Parquet file", Options{}},
		{"text", "a,b\n1,2\n", "no file of embeddings that is known", Options{}},
		{"gzip", "\x1f\x8b\x08\x00", "a gzip file (unpack it first)", Options{}},
		{"pickle", "\x80\x04\x95", "perhaps a pickle", Options{}},
		{"HDF5", "\x89HDF\r\n\x1a\n", "an HDF5 file", Options{}},
		{"npy of a trillion rows", huge, "is truncated: float32 of shape 1000000000000×8", Options{}},
		{"npy as places", npyBytes("'<f4'", "False", "(2, 4)", strings.Repeat("\x00", 32)), "want places on a map, of shape n×2, n×3", Options{Points: true}},
		{"npy of places, NaN in part", npyBytes("'<f4'", "False", "(1, 2)", "\x00\x00\xc0\x7f\x00\x00\x00\x00"), "row 0 is NaN in part", Options{Points: true}},
		{"npy, NaN", npyBytes("'<f4'", "False", "(2, 2)", strings.Repeat("\x00", 12)+"\x00\x00\xc0\x7f"), "the value in epoch 1 of 1, row 1, column 1 is NaN: want finite numbers", Options{}},

		{"npz cut", npz[:len(npz)/2], "not an .npz file, or it is truncated", Options{}},
		{"npz without arrays", npzBytes("readme.txt", "hello"), "the archive holds no array", Options{}},
		{"npz without vectors", npzBytes("n.npy", npyBytes("'<i4'", "False", "(2,)", strings.Repeat("\x00", 8))), `no array holds vectors, floats of shape n×d or E×n×d: there are "n" (int32 of shape 2)`, Options{}},
		{"npz, labels of others", npz, "labels.npy: the array has 2 elements: want 3", Options{}},
		{"npz, unknown array", npz, `holds no array "fc1", only "embeddings" (float32 of shape 3×2), "labels"`, Options{Vectors: []string{"fc1"}}},
		{"npz, labels as vectors", npz, `the array "labels" is int32 of shape 2, which cannot be what it was named for`, Options{Vectors: []string{"labels"}}},
		{"npz, two shapes", npzBytes("a.npy", zeros, "b.npy", npyBytes("'<f4'", "False", "(2, 2)", strings.Repeat("\x00", 16))), "are not of the same epochs and samples", Options{}},
		{"npz, ids twice", npzBytes("v.npy", zeros, "ids.npy", npyBytes("'<i4'", "False", "(3,)", "\x01\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00")), `the id "1" is there twice, for samples 0 and 2`, Options{}},
		{"npz, array damaged", npzBytes("v.npy", zeros[:40]), "v.npy: the file is truncated", Options{}},
		{"npz, checksum", strings.Replace(npzBytes("v.npy", zeros), strings.Repeat("\x00", 24), strings.Repeat("\x00", 23)+"\x01", 1), "the data are damaged: zip: checksum error", Options{}},
		{"npz, same array twice", npzBytes("a.npy", zeros, "a.npy", zeros), `the archive holds two arrays "a"`, Options{}},
		{"npz without places", npzBytes("v.npy", npyBytes("'<f4'", "False", "(2, 4)", strings.Repeat("\x00", 32))), "no array is called points", Options{Points: true}},

		{"Parquet cut", parquet[:len(parquet)-9], "the file is truncated: it does not end with PAR1", Options{}},
		{"Parquet, magic only", "PAR1", "the file is truncated", Options{}},
		{"Parquet, footer beyond the file", "PAR1" + "\xff\xff\xff\x7f" + "PAR1", "claims a footer of 2147483647 bytes", Options{}},
		{"Parquet, footer of noise", "PAR1" + strings.Repeat("\x19", 100) + "\x64\x00\x00\x00PAR1", "Parquet", Options{}},
		{"Parquet, encrypted", "PAR1aaaaaaaaPARE", "the file is encrypted", Options{}},
		{"Parquet, unknown column", parquet, `there is no column "emb", only "epoch" (int64), "id" (utf8), "label" (utf8)`, Options{Vectors: []string{"emb"}}},
		{"Parquet, wrong type", parquet, `the column "vector" is of type list<item: float32, nullable>, which cannot be what it was named for`, Options{ID: "vector"}},

		{"Arrow cut", arrowFile[:len(arrowFile)/2], "it may be truncated", Options{}},
		{"Arrow, magic only", "ARROW1", "cannot be read", Options{}},
		{"stream cut", nan[:len(nan)*3/4], "unexpected EOF", Options{}},
		{"ragged", arrowBytes(`[{"id": "a", "vector": [1, 2]}, {"id": "b", "vector": [1]}]`, id, vec), `row 1: column "vector": the vector has 1 numbers, and those before 2`, Options{}},
		{"null vector", arrowBytes(`[{"id": "a", "vector": [1, 2]}, {"id": "b", "vector": null}]`, id, vec), `row 1: column "vector": the vector is null`, Options{}},
		{"null element", arrowBytes(`[{"id": "a", "vector": [1, null]}]`, id, vec), "row 0: column \"vector\": column 1 of the vector is null", Options{}},
		{"empty vector", arrowBytes(`[{"id": "a", "vector": []}]`, id, vec), "the vector has no numbers", Options{}},
		{"NaN", nan, `row 1: column "vector": column 1 of the vector is NaN: want finite numbers`, Options{}},
		{"beyond float32", arrowBytes(`[{"v": [1e300]}]`, field("v", arrow.ListOf(arrow.PrimitiveTypes.Float64))), "1e+300, does not fit float32", Options{}},
		{"no rows", arrowBytes(`[]`, id, vec), "the file has no rows", Options{}},
		{"no columns", arrowBytes(`[]`), "the file has no columns", Options{}},
		{"no vectors", arrowBytes(`[{"id": "a"}]`, id), `no column holds vectors, lists of float32, float64 or float16: there are "id" (utf8)`, Options{}},
		{"id twice", arrowBytes(`[{"id": "a", "vector": [1]}, {"id": "a", "vector": [2]}]`, id, vec), `row 1: the id "a" was there before: want one row for each sample; if the rows are of several epochs`, Options{}},
		{"id twice at an epoch", arrowBytes(`[{"id": "a", "epoch": 4, "vector": [1]}, {"id": "a", "epoch": 4, "vector": [2]}]`, id, epoch, vec), `row 1: the id "a" was there before at epoch 4`, Options{}},
		{"null id", arrowBytes(`[{"id": null, "vector": [1]}]`, id, vec), "row 0: the id is empty or null", Options{}},
		{"null epoch", arrowBytes(`[{"id": "a", "epoch": null, "vector": [1]}]`, id, epoch, vec), "row 0: the epoch is <nil>: want a whole number from 0", Options{}},
		{"epoch below 0", arrowBytes(`[{"id": "a", "epoch": -1, "vector": [1]}]`, id, epoch, vec), "row 0: the epoch is -1", Options{}},
		{"epochs of different sizes", arrowBytes(`[{"epoch": 1, "vector": [1]}, {"epoch": 1, "vector": [1]}, {"epoch": 2, "vector": [1]}]`, epoch, vec), "epoch 2 has 1 rows and others have 2: name the column of sample ids", Options{}},
		{"label changes", arrowBytes(`[{"id": "a", "epoch": 1, "label": "x", "vector": [1]}, {"id": "a", "epoch": 2, "label": "y", "vector": [1]}]`, id, epoch, field("label", arrow.BinaryTypes.String), vec), `the label of sample 0 is "y" here and "x" before`, Options{}},
		{"unknown column", nan, `there is no column "klass", only "id" (utf8), "vector"`, Options{Label: "klass"}},
		{"no places", nan, "there are no columns x and y", Options{Points: true}},
		{"half a place", arrowBytes(`[{"x": 1, "y": null}]`, field("x", arrow.PrimitiveTypes.Float32), field("y", arrow.PrimitiveTypes.Float32)), "row 0: the place on the map is missing in part", Options{Points: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.bin")
			if err := os.WriteFile(path, []byte(test.content), 0o666); err != nil {
				t.Fatal(err)
			}
			checkBad(t, path, test.o, path, test.want)
		})
	}
	t.Run("folder", func(t *testing.T) {
		checkBad(t, t.TempDir(), Options{}, "", "is a folder without a projector_config.pbtxt")
	})
	t.Run("missing", func(t *testing.T) { checkBad(t, "missing.npz", Options{}, "missing.npz", "no such file") })
	t.Run("device", func(t *testing.T) { checkBad(t, os.DevNull, Options{}, "", "is not a regular file") })
}

// checkBad opens and reads a file, one of which must fail and say so.
func checkBad(t *testing.T, path string, o Options, name, want string) {
	t.Helper()
	d, err := Open(t.Context(), path, o)
	if err == nil {
		defer d.Close()
		for _, e := range d.Epochs(t.Context()) {
			err = e
		}
	}
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
		t.Errorf("%v, want %q and the file's name", err, want)
	}
}

func TestBadProjectors(t *testing.T) {
	const good = "embeddings {\n tensor_name: \"a\"\n tensor_path: \"t.tsv\"\n metadata_path: \"m.tsv\"\n}\n"
	outside := filepath.Join(t.TempDir(), "secret.tsv")
	os.WriteFile(outside, []byte("1\n2\n"), 0o666)
	for _, test := range []struct{ name, config, tensor, metadata, want string }{
		{"empty", "", "", "", "lists no embeddings"},
		{"cut", good[:len(good)-7], "", "", "the string does not end"},
		{"not closed", "embeddings { tensor_name: \"a\"", "", "", "the text ends within { … }"},
		{"closed twice", good + "}", "", "", "line 6: '}' closes nothing"},
		{"no quotes", "embeddings { tensor_path: t.tsv }", "", "", "want a string in quotes"},
		{"nested without end", strings.Repeat("a {", 100), "", "", "nested more than 16 deep"},
		{"negative shape", "embeddings { tensor_shape: -5 }", "", "", "want a whole number above 0"},
		{"checkpoint", "embeddings { tensor_name: \"a\" }", "", "", "its vectors are in a checkpoint, which is not read"},
		{"absolute path", "embeddings { tensor_name: \"a\" tensor_path: \"" + filepath.ToSlash(outside) + "\" }", "", "", "want a path in its own folder"},
		{"path above", "embeddings { tensor_name: \"a\" tensor_path: \"../secret.tsv\" }", "", "", "want a path in its own folder"},
		{"link out", "embeddings { tensor_name: \"a\" tensor_path: \"link.tsv\" }", "", "", "escapes"},
		{"missing", "embeddings { tensor_name: \"a\" tensor_path: \"none.tsv\" }", "", "", "none.tsv"},
		{"twice", "embeddings { tensor_name: \"a\" tensor_path: \"t.tsv\" } embeddings { tensor_name: \"a\" tensor_path: \"t.tsv\" }", "1\n", "", `lists two embeddings "a"`},
		{"ragged", good, "1\t2\n3\n", "x\ny\n", "t.tsv: line 2 has 1 numbers, and line 1 has 2"},
		{"text for numbers", good, "1\ttwo\n", "x\n", `t.tsv: line 1, column 1: "two" is no number that fits float32`},
		{"NaN", good, "1\tNaN\n", "x\n", "t.tsv: the value in row 0, column 1 is NaN"},
		{"beyond float32", good, "1e300\n", "x\n", "no number that fits float32"},
		{"too few metadata", good, "1\n2\n", "x\n", `m.tsv has 1 rows, and "a" 2: want one for each`},
		{"ragged metadata", good, "1\n", "a\tb\nx\n", "m.tsv: line 2 has 1 columns, and line 1 has 2"},
		{"bytes without shape", "embeddings { tensor_name: \"a\" tensor_path: \"t.bytes\" }", "", "", "has tensor_shape []: want two numbers"},
		{"bytes of another shape", "embeddings { tensor_name: \"a\" tensor_shape: 1000000 tensor_shape: 1000000 tensor_path: \"t.bytes\" }", "", "", "the file has 8 bytes: float32 of shape 1000000×1000000 takes 4000000000000"},
		{"sprite of text", "embeddings { tensor_name: \"a\" tensor_path: \"t.tsv\" sprite { image_path: \"m.tsv\" single_image_dim: [1, 1] } }", "1\n", "x", "this is not a PNG image"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range map[string]string{embedding.ConfigName: test.config, "t.tsv": test.tensor, "m.tsv": test.metadata, "t.bytes": "12345678"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if os.Symlink(outside, filepath.Join(dir, "link.tsv")) != nil && test.name == "link out" {
				t.Skip("this system makes no symbolic links")
			}
			checkBad(t, dir, Options{}, dir, test.want)
		})
	}
}

func TestBadMetadata(t *testing.T) {
	for _, test := range []struct {
		name, file, content, want string
		o                         Options
	}{
		{"empty", "a.csv", "", "the file is empty", Options{}},
		{"head only", "a.csv", "id,label\n", "a head and no rows", Options{}},
		{"ragged", "a.csv", "id,label\na\n", "record on line 2: wrong number of fields", Options{}},
		{"open quote", "a.csv", "id,label\na,\"x\n", `extraneous or missing " in quoted-field`, Options{}},
		{"column twice", "a.csv", "n,n\n1,2\n", `there are two columns "n"`, Options{}},
		{"id twice", "a.csv", "id\na\nb\na\n", `the id "a" is there twice, for samples 0 and 2`, Options{}},
		{"empty id", "a.tsv", "id\tlabel\n\tx\n", "sample 0 has an empty id", Options{}},
		{"no such column", "a.csv", "a,b\n1,2\n", `there is no column "key" of ids`, Options{ID: "key"}},
		{"no objects", "a.jsonl", "[1, 2]\n", "line 1: want an object", Options{}},
		{"JSON cut", "a.jsonl", "{\"a\": 1}\n{\"a\": 2", "line 2: ", Options{}},
		{"key twice", "a.jsonl", "{\"a\": 1, \"a\": 2}\n", `line 1: the key "a" is there twice`, Options{}},
		{"two objects on a line", "a.jsonl", "{\"a\": 1} {\"a\": 2}\n", "more after the object", Options{}},
		{"an unknown ending", "a.xlsx", "x", "want metadata in a .csv, .tsv or .jsonl file", Options{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), test.file)
			if err := os.WriteFile(path, []byte(test.content), 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := ReadMetadata(path, test.o)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("ReadMetadata = %v, want %q and the path", err, test.want)
			}
		})
	}
}

func TestMetadataTypes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	os.WriteFile(path, []byte("id,label,n,f,b,zip,mixed,none\na,x,1,1.5,true,007,1,\n\"b, c\",,-2,2,false,10,y,\n"), 0o666)
	m, err := ReadMetadata(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]any{
		"n": {int64(1), int64(-2)}, "f": {1.5, 2.0}, "b": {true, false}, "zip": {"007", "10"}, "mixed": {"1", "y"}, "none": {nil, nil},
	}
	if m.Rows != 2 || strings.Join(m.IDs, "|") != "a|b, c" || strings.Join(m.Labels, "|") != "x|" || len(m.Columns) != len(want) {
		t.Errorf("%+v", m)
	}
	for _, c := range m.Columns {
		if fmt.Sprintf("%#v", c.Values) != fmt.Sprintf("%#v", want[c.Name]) {
			t.Errorf("column %s = %#v, want %#v", c.Name, c.Values, want[c.Name])
		}
	}
}
