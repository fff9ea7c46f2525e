package interchange

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/embedding"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/texts"
)

// maxFuzzAlloc is how much reading a small file may allocate in all, in bytes, with the budget of these tests.
const maxFuzzAlloc = 256 << 20

// fuzzOpen opens a file of the given content again and again, and reads it to its end: every answer is a dataset whose
// epochs fit its samples, or an error that names the file; and what is allocated is bounded.
func fuzzOpen(f *testing.F, ext string, open func(path string, o Options) (*Dataset, error)) {
	limits.Budget, limits.WindowBytes = 16<<20, 1<<20
	path := filepath.Join(f.TempDir(), "fuzz"+ext)
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 1<<20 {
			return
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		for _, o := range []Options{{}, {Points: true}, {Encoding: texts.UTF16LE}} {
			before := allocated()
			fuzzRead(t, path, o, open)
			if n := allocated() - before; n > maxFuzzAlloc {
				t.Fatalf("reading %d bytes allocated %d", len(content), n)
			}
		}
	})
}

func fuzzRead(t *testing.T, path string, o Options, open func(path string, o Options) (*Dataset, error)) {
	named := func(err error) {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("the error does not name the file: %v", err)
		}
	}
	d, err := open(path, o)
	if err != nil {
		named(err)
		return
	}
	defer d.Close()
	s := d.Samples
	if s.Count < 1 || s.IDs != nil && len(s.IDs) != s.Count || s.Labels != nil && len(s.Labels) != s.Count {
		t.Fatalf("%d samples, %d ids, %d labels", s.Count, len(s.IDs), len(s.Labels))
	}
	for _, text := range slices.Concat(s.IDs, s.Labels) {
		if !texts.Storable(text) {
			t.Fatalf("%q is no text", text)
		}
	}
	for _, c := range s.Columns {
		if len(c.Values) != s.Count {
			t.Fatalf("column %q has %d values for %d samples", c.Name, len(c.Values), s.Count)
		}
		for _, v := range c.Values {
			if text, ok := v.(string); ok && !texts.Storable(text) {
				t.Fatalf("column %q has %q, which is no text", c.Name, text)
			}
		}
	}
	if s.Thumbnails != nil {
		if _, err := s.Thumbnails(s.Count - 1); err != nil {
			t.Errorf("thumbnail: %v", err)
		}
	}
	epochs := 0
	for e, err := range d.Epochs(context.Background()) {
		if err != nil {
			named(err)
			return
		}
		epochs++
		layers := e.Layers
		if e.Points != nil {
			layers = append(layers, *e.Points)
		}
		for _, l := range layers {
			rows := len(l.Rows)
			if l.Rows == nil {
				rows = s.Count
			}
			if l.Dim < 1 || len(l.Data) != rows*l.Dim {
				t.Fatalf("%d numbers for %d rows of %d", len(l.Data), rows, l.Dim)
			}
			for _, r := range l.Rows {
				if r < 0 || r >= s.Count {
					t.Fatalf("row %d of %d samples", r, s.Count)
				}
			}
			for _, v := range l.Data {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Fatalf("a vector with %v", v)
				}
			}
		}
	}
	if epochs != d.Count {
		t.Fatalf("%d epochs were read of %d", epochs, d.Count)
	}
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// seeds adds what Export writes.
func seeds(f *testing.F, formats ...string) {
	dir := f.TempDir()
	for i, src := range []*Source{made(1, 3, 2, 0), made(2, 5, 3, 2), made(3, 4, 0, 3)} {
		for _, format := range formats {
			path := filepath.Join(dir, fmt.Sprint(format, i))
			if _, err := Export(context.Background(), path, format, src, nil); err != nil {
				f.Fatal(err)
			}
			content, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
			f.Add(content[:len(content)*2/3])
		}
	}
}

func FuzzNpz(f *testing.F) {
	seeds(f, "npz")
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.Create("a.npy") // deflated
	Write(w, make([]float32, 600), 2, 100, 3)
	z.Close()
	f.Add(b.Bytes())
	objects := npyBytes("'|O'", "False", "(3,)", "\x80\x04\x95")
	f.Add([]byte(npzBytes("X.npy", stored(true, true, 8, 3, 2), "y.npy", objects)))
	f.Add([]byte(npzBytes("v.npy", stored(true, false, 4, 2, 3, 2), "ids.npy", npyBytes("'>f8'", "True", "(3, 1)", strings.Repeat("\x40\x08\x00\x00\x00\x00\x00\x00", 3)), "step.npy", npyBytes("'>U1'", "False", "(2,)", "\x00\x00\x001\x00\x00\x002"))))
	fuzzOpen(f, ".npz", openNpz)
}

func FuzzParquet(f *testing.F) {
	seeds(f, "parquet")
	for _, c := range parquetIDs() {
		path := filepath.Join(f.TempDir(), "seed")
		writeIDs(f, path, c.logical, c.kind, c.length, c.values)
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	fuzzOpen(f, ".parquet", func(path string, o Options) (*Dataset, error) { return openParquet(context.Background(), path, o) })
}

func FuzzArrow(f *testing.F) {
	seeds(f, "arrow", "arrows")
	f.Add([]byte(arrowBytes(`[{"id": 3, "label": null, "step": "1", "v": [1]}, {"id": 1, "label": null, "step": "1", "v": [2]}, {"id": 3, "label": null, "step": "2.0", "v": [1]}]`,
		field("id", arrow.PrimitiveTypes.Float64), field("label", arrow.Null), field("step", arrow.BinaryTypes.String), field("v", arrow.ListOf(arrow.PrimitiveTypes.Float32)))))
	fuzzOpen(f, ".arrow", func(path string, o Options) (*Dataset, error) { return openArrow(context.Background(), path, o) })
}

// FuzzProjector reads a folder of a projector: its configuration, tensors as text, metadata, and no more.
func FuzzProjector(f *testing.F) {
	limits.Budget, limits.WindowBytes = 16<<20, 1<<20
	config := "embeddings {\n tensor_name: \"fc:00001\"\n tensor_path: \"t.tsv\"\n metadata_path: \"m.tsv\"\n}\n"
	f.Add(config, "1\t2\n3\t4\n", "id\tlabel\na\tx\nb\ty\n", []byte{})
	f.Add(embedding.EscapedComment+"\n"+config, "1\t2\n3\t4\n", "a\\tb\nc\n", []byte{})
	f.Add(embedding.EscapedComment+"\n"+embedding.KindsComment+" int json bool float none\n"+config, "1\t2\n3\t4\n", "id\tlabel\ta\tb\tc\td\te\nx\ty\t1\t[1]\ttrue\t0.5\t1\nz\ty\t-\t{\t-\t+Inf\t1\n", []byte{})
	f.Add("embeddings { tensor_name: 'a' tensor_shape: [2, 1] tensor_path: \"t.bytes\" sprite { image_path: 's.png' single_image_dim: 1, single_image_dim: 1 } }",
		"", "", []byte("\x00\x00\x80\x3f\x00\x00\x00\x40"))
	f.Add("# x\nmodel_checkpoint_path: \"\\001\\n\" embeddings < tensor_name: \"a\" unknown { b: 1 c { } } >;", "", "", []byte{})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, config, tensor, metadata string, raw []byte) {
		if len(config)+len(tensor)+len(metadata)+len(raw) > 1<<20 {
			return
		}
		path := filepath.Join(dir, embedding.ConfigName)
		for name, content := range map[string]string{embedding.ConfigName: config, "t.tsv": tensor, "m.tsv": metadata, "t.bytes": string(raw), "s.png": string(raw)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		before := allocated()
		for _, o := range []Options{{}, {Points: true}, {Encoding: texts.UTF16BE}} {
			fuzzRead(t, dir, o, func(_ string, o Options) (*Dataset, error) { return openTensorBoard(path, o) })
		}
		if n := allocated() - before; n > maxFuzzAlloc {
			t.Fatalf("reading allocated %d bytes", n)
		}
		if c, err := embedding.ParseConfig(config); err == nil { // what a config says is a string that can be written again
			for _, e := range c.Embeddings {
				again, err := embedding.ParseConfig("embeddings { tensor_name: " + pbQuote(e.TensorName) + " }")
				if err != nil || again.Embeddings[0].TensorName != e.TensorName {
					t.Fatalf("%q became %v, %v", e.TensorName, again, err)
				}
			}
		}
	})
}

func FuzzMetadata(f *testing.F) {
	const csv, tsv, jsonl = byte(0), byte(1), byte(2)
	f.Add(csv, "", "", "id,label,n\na,\"x, y\",1\nb,,2.5\n")
	f.Add(csv, "", "", "\xef\xbb\xbfid\n007\n")
	f.Add(csv, "", "", "sep=;\r\n,id;a|b\r\n1;0,5\r\n;\r\n")
	f.Add(csv, "", "^", "id^x, y\n18446744073709551615^z\n\n")
	f.Add(csv, "windows-1252", "", "id, label\ra, \x93\xfc\x94\r")
	f.Add(csv, "shift_jis", "", "id,label\na,\x82\xa0\x81\n")
	f.Add(csv, "utf-16", "tab", "i\x00d\x00\n\x001\x00\n\x00")
	f.Add(csv, "", "", "\xff\xfe\x00\x00i\x00\x00\x00\n\x00\x00\x001\x00\x00\x00")
	f.Add(tsv, "", "", "id\tlabel\na\t\"q\"\n")
	f.Add(tsv, "", "", "\"id\"\t\"la\nbel\"\n\"a\"\t\"q \"\"r\"\"\"\n")
	f.Add(jsonl, "", "", "{\"id\": \"a\", \"n\": 1e400, \"l\": [1, {\"b\": null}]}\n\n{\"label\": true}\n")
	f.Add(jsonl, "latin-1", "", "{\"id\": \"\xe9\", \"n\": 18446744073709551615, \"\\ud83d\": \"\\u0000\"}")
	f.Fuzz(func(t *testing.T, kind byte, encoding, delimiter, content string) {
		if len(content) > 1<<20 {
			return
		}
		var o Options
		o.Encoding, _ = texts.ParseEncoding(encoding)
		o.Delimiter, _ = ParseDelimiter(delimiter)
		ext := []string{".csv", ".tsv", ".jsonl"}[kind%3]
		before := allocated()
		m, err := readMetadata(strings.NewReader(content), ext, limits.NewRation(int64(len(content))), o)
		if n := allocated() - before; n > maxFuzzAlloc {
			t.Fatalf("reading %d bytes allocated %d", len(content), n)
		}
		if err != nil {
			return
		}
		for _, s := range slices.Concat(m.IDs, m.Labels) {
			if !texts.Storable(s) {
				t.Fatalf("%q is no text", s)
			}
		}
		if m.IDs != nil && len(m.IDs) != m.Rows || m.Labels != nil && len(m.Labels) != m.Rows {
			t.Fatalf("%d rows, %d ids, %d labels", m.Rows, len(m.IDs), len(m.Labels))
		}
		for _, c := range m.Columns {
			if len(c.Values) != m.Rows || !texts.Storable(c.Name) {
				t.Fatalf("column %q has %d values for %d rows", c.Name, len(c.Values), m.Rows)
			}
			for _, v := range c.Values {
				switch v := v.(type) {
				case nil, bool, int64, float64:
				case string:
					if !texts.Storable(v) {
						t.Fatalf("%q is no text", v)
					}
				default:
					t.Fatalf("a value of type %T", v)
				}
			}
		}
	})
}

// FuzzTSV escapes a field and reads it back.
func FuzzTSV(f *testing.F) {
	for _, s := range []string{"", "a\tb", "\\t", "\r\n", "=1+1", "\\\\n\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := escapeTSV(s)
		if strings.ContainsAny(e, "\t\r\n") || unescapeTSV(e) != s {
			t.Fatalf("%q became %q and %q", s, e, unescapeTSV(e))
		}
	})
}
