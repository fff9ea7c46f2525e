package interchange

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// node runs a script with npm's hyparquet and apache-arrow in a folder, or skips the test where they are not installed
// (.ci/setup does that); where ZOETROPE_REQUIRE_ALL is 1, that is a failure.
func node(t *testing.T, dir, script string) string {
	t.Helper()
	modules, err := filepath.Abs(filepath.Join("testdata", "js"))
	if err != nil {
		t.Fatal(err)
	}
	_, noModules := os.Stat(filepath.Join(modules, "node_modules", "apache-arrow"))
	if _, err := exec.LookPath("node"); err != nil || noModules != nil {
		const missing = "no node here with hyparquet and apache-arrow: no other implementation of Parquet and Arrow was asked (apt-get install nodejs npm, then npm ci in interchange/testdata/js)"
		if os.Getenv("ZOETROPE_REQUIRE_ALL") == "1" {
			t.Fatal(missing)
		}
		t.Skip("SKIPPED: " + missing)
	}
	cmd := exec.Command("node", filepath.Join(modules, script), dir)
	cmd.Env = append(os.Environ(), "NODE_PATH=") // only what is installed there
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// TestReadByOthers has what Export writes read by numpy, hyparquet and apache-arrow, and compares every value.
func TestReadByOthers(t *testing.T) {
	src := made(3, 25, 5, 2)
	dir := t.TempDir()
	for _, file := range []struct{ name, format string }{{"a.npz", "npz"}, {"a.parquet", "parquet"}, {"a.arrow", "arrow"}, {"a.arrows", "arrows"}} {
		if _, err := Export(t.Context(), filepath.Join(dir, file.name), file.format, src, nil); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("hyparquet and apache-arrow", func(t *testing.T) {
		for line := range strings.Lines(node(t, dir, "read.mjs")) {
			var got struct {
				File string
				Rows []otherRow
			}
			if err := json.Unmarshal([]byte(line), &got); err != nil {
				t.Fatalf("%v: %.200s", err, line)
			}
			compareRows(t, got.File, got.Rows, src)
		}
	})
	t.Run("numpy", func(t *testing.T) {
		out := numpy(t, dir, `
import json
z = np.load("a.npz")
rows = []
def nan(v): return None if v != v else float(v)
for e, epoch in enumerate(z["epochs"]):
    for i, id in enumerate(z["ids"]):
        if np.isnan(z["vectors"][e, i]).all(): continue
        rows.append(dict(epoch=int(epoch), id=str(id), label=str(z["labels"][i]), prediction=str(z["predictions"][e, i]),
            loss=nan(z["losses"][e, i]), confidence=nan(z["confidences"][e, i]), vector=z["vectors"][e, i].tolist(),
            x=float(z["points"][e, i, 0]), y=float(z["points"][e, i, 1]), text=str(z["metadata/text"][i]), count=int(z["metadata/count"][i])))
assert str(z["layer"][0]) == "fc1"
assert z["metadata/count"].dtype == np.int64 and z["metadata/metadata.y"].dtype == bool and z["metadata/x"].dtype == float
print(json.dumps(rows))
`)
		var rows []otherRow
		if err := json.Unmarshal([]byte(out), &rows); err != nil {
			t.Fatal(err)
		}
		compareRows(t, "a.npz", rows, src)
	})
}

// otherRow is a row of a table as another program read it.
type otherRow struct {
	Epoch            int
	ID               string
	Label            *string
	Prediction       *string
	Loss, Confidence *float64
	Vector           []float32
	X, Y             float32
	Text             string
	Count            int
}

func compareRows(t *testing.T, file string, rows []otherRow, src *Source) {
	t.Helper()
	next := 0
	for _, epoch := range src.Epochs {
		v, _ := src.Vectors(t.Context(), epoch)
		p, _ := src.Points(t.Context(), epoch)
		o, _ := src.Outputs(t.Context(), epoch)
		for i := range len(v.Data) / v.Dim {
			if next == len(rows) {
				t.Fatalf("%s has %d rows only", file, len(rows))
			}
			r := rows[next]
			next++
			value := func(s *string) string {
				if s == nil {
					return ""
				}
				return *s
			}
			number := func(f *float64) any {
				if f == nil {
					return "NaN"
				}
				return *f
			}
			got := []any{r.Epoch, r.ID, value(r.Label), value(r.Prediction), number(r.Loss), number(r.Confidence), r.Vector, []float32{r.X, r.Y}, r.Text, r.Count}
			prediction, loss, confidence := "", any("NaN"), any("NaN")
			if o != nil {
				prediction, confidence = o.Predictions[i], o.Confidences[i]
				if l := o.Losses[i]; l == l {
					loss = l
				}
			}
			want := []any{epoch, src.Samples.IDs[i], src.Samples.Labels[i], prediction, loss, confidence, v.Data[i*5 : i*5+5], p.Data[i*2 : i*2+2],
				src.Samples.Columns[0].Values[i], int(src.Samples.Columns[1].Values[i].(int64))}
			g, _ := json.Marshal(got)
			w, _ := json.Marshal(want)
			if string(g) != string(w) {
				t.Fatalf("%s, row %d:\n%s\nwant\n%s", file, next-1, g, w)
			}
		}
	}
	if next != len(rows) {
		t.Errorf("%s has %d rows, want %d", file, len(rows), next)
	}
}

// TestWrittenByOthers reads what numpy and apache-arrow write.
func TestWrittenByOthers(t *testing.T) {
	check := func(t *testing.T, path string, o Options, layers int) {
		t.Helper()
		got := read(t, path, o)
		if got.samples.Count != 4 || len(got.epochs) != 2 {
			t.Fatalf("%s: %d samples, %d epochs", path, got.samples.Count, len(got.epochs))
		}
		if ids := strings.Join(got.samples.IDs, " "); ids != "a b c é" {
			t.Errorf("%s: ids %s", path, ids)
		}
		if labels := strings.Join(got.samples.Labels, " "); labels != "cat dog cat dog" {
			t.Errorf("%s: labels %s", path, labels)
		}
		for n, e := range got.epochs {
			if len(e.Layers) != layers {
				t.Fatalf("%s: epoch %d has %d layers", path, n, len(e.Layers))
			}
			for i, v := range e.Layers[0].Data {
				if want := float32((n-5)*12+i) / 4; v != want || e.Layers[0].Dim != 3 {
					t.Fatalf("%s: epoch %d: value %d is %v, want %v", path, n, i, v, want)
				}
			}
		}
	}
	t.Run("numpy", func(t *testing.T) {
		dir := t.TempDir()
		numpy(t, dir, `
a = (np.arange(2*4*3) / 4).reshape(2, 4, 3)
common = dict(ids=np.array(["a", "b", "c", "é"]), labels=np.array(["cat", "dog", "cat", "dog"]), epochs=np.array([5, 6]), age=np.array([1, 2, 3, 4]),
    images=np.zeros((4, 2, 2), "u1"))
np.savez("plain.npz", embeddings=a.astype("f4"), **common)
np.savez_compressed("packed.npz", embeddings=a.astype("f8"), **common)
np.savez("two.npz", fc1=a.astype("f2"), fc2=a[:, :, :2], **common)
np.savez("only.npz", a[0])
`)
		check(t, filepath.Join(dir, "plain.npz"), Options{}, 1)
		check(t, filepath.Join(dir, "packed.npz"), Options{}, 1)
		check(t, filepath.Join(dir, "two.npz"), Options{}, 2)
		check(t, filepath.Join(dir, "two.npz"), Options{Vectors: []string{"fc1"}}, 1)
		if c := read(t, filepath.Join(dir, "plain.npz"), Options{}).samples.Columns; len(c) != 1 || c[0].Name != "age" || c[0].Values[3] != int64(4) {
			t.Errorf("metadata %+v", c)
		}
		if got := read(t, filepath.Join(dir, "only.npz"), Options{}); got.samples.Count != 4 || len(got.epochs) != 1 {
			t.Errorf("savez of one array gave %d samples", got.samples.Count)
		}
	})
	t.Run("apache-arrow", func(t *testing.T) {
		dir := t.TempDir()
		node(t, dir, "write.mjs")
		for _, name := range []string{"list.arrow", "fixed.arrow", "stream.arrows", "half.arrow", "double.arrow"} {
			check(t, filepath.Join(dir, name), Options{}, 1)
		}
	})
}
