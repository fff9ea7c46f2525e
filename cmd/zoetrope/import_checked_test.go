package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange"
)

// writeNpz writes an archive of arrays, each after its name: []float32 of shape n×2, []float64 or texts of n.
func writeNpz(t *testing.T, path string, arrays ...any) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(arrays); i += 2 {
		w, err := z.Create(arrays[i].(string) + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		switch v := arrays[i+1].(type) {
		case []float32:
			err = interchange.Write(w, v, len(v)/2, 2)
		case []float64:
			err = interchange.Write(w, v, len(v))
		case []string:
			_, err = io.WriteString(w, npyTexts(v...))
		default:
			t.Fatalf("an array of %T", v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// npyTexts is an .npy file of texts.
func npyTexts(texts ...string) string {
	width := 4
	for _, s := range texts {
		width = max(width, len(s))
	}
	head := fmt.Sprintf("{'descr': '|S%d', 'fortran_order': False, 'shape': (%d,), }\n", width, len(texts))
	b := fmt.Sprintf("\x93NUMPY\x01\x00%c\x00%s", len(head), head)
	for _, s := range texts {
		b += s + strings.Repeat("\x00", width-len(s))
	}
	return b
}

// zoetrope runs the command and returns its exit status, standard output and standard error.
func zoetrope(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), args, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

// TestCheckedFirst imports what the store refuses. No store is made, and no name is taken: the mended file can be imported
// under it.
func TestCheckedFirst(t *testing.T) {
	t.Chdir(t.TempDir())
	db := filepath.Join(t.TempDir(), "a.DB")
	vectors := []float32{1, 2, 3, 4, 5, 6}
	writeNpz(t, "good.npz", "embeddings", vectors)
	writeNpz(t, "nul.npz", "embeddings", vectors, "labels", []string{"a\x00b", "c", "d"})
	writeNpz(t, "id.npz", "embeddings", vectors, "ids", []string{"a\x00b", "c", "d"})
	writeNpz(t, "map.npz", "points", []float32{nan32, nan32, nan32, nan32, nan32, nan32})
	writeNpz(t, "places.npz", "points", vectors)
	var wide bytes.Buffer
	if err := interchange.Write(&wide, make([]float32, 2*300_000), 2, 300_000); err != nil {
		t.Fatal(err)
	}
	os.WriteFile("wide.npy", wide.Bytes(), 0o666)
	os.WriteFile("l.npy", []byte(npyTexts("a\x00b", "c", "d")), 0o666)
	for _, test := range []struct {
		name, want string
		args       []string
	}{
		{"NUL in a label", `nul.npz/labels.npy: label 0 is not valid text: "a\x00b" has a NUL character`, []string{"nul.npz"}},
		{"NUL in an id", `id.npz/ids.npy: label 0 is not valid text: "a\x00b" has a NUL character`, []string{"id.npz"}},
		{"NUL in a label that metadata come with", `l.npy: label 0 is not valid text: "a\x00b" has a NUL character`, []string{"--labels", "l.npy", "good.npz"}},
		{"too wide", `wide.npy: epoch 1: layer "embedding": has 300000 columns, must have 1 to`, []string{"wide.npy"}},
		{"NUL in a layer's name", `good.npz: epoch 1: layer "a\x00b": a layer's name must be text`, []string{"--layer", "a\x00b", "good.npz"}},
		{"name of a run", `run name " r": must not begin or end with a space`, []string{"--run", " r", "good.npz"}},
		{"no place", "map.npz holds no place: each is missing", []string{"--points", "map.npz"}},
		{"no place beside vectors", "map.npz holds no place: each is missing", []string{"--points", "map.npz", "good.npz"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, out, errs := zoetrope(t, append([]string{"--db", db, "import", "--run", "r"}, test.args...)...)
			if status != 1 || out != "" || !strings.Contains(errs, test.want) {
				t.Errorf("exit %d, %s%s: want 1 and %q", status, out, errs, test.want)
			}
			if _, err := os.Stat(db); err == nil {
				t.Fatalf("a store was made")
			}
		})
	}
	if status, _, errs := zoetrope(t, "--db", db, "import", "--run", "r", "--layer", "fc1", "--points", "places.npz"); status != 1 ||
		!strings.Contains(errs, `there is no run r with a layer "fc1" that the map is of`) {
		t.Errorf("a map of a layer of no run: exit %d, %s", status, errs)
	}
	if status, out, errs := zoetrope(t, "--db", db, "import", "--run", "r", "good.npz"); status != 0 {
		t.Errorf("the good file: exit %d, %s%s", status, out, errs)
	}
}

var nan32 = float32(math.NaN())
