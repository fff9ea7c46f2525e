package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestLongNames imports IDs and layers with names that are too long, which is refused before a store is made, and exports
// what was stored under such names when there was no limit.
func TestLongNames(t *testing.T) {
	t.Chdir(t.TempDir())
	db := filepath.Join(t.TempDir(), "a.db")
	long := strings.Repeat("long ", 1000)
	vectors := []float32{1, 2, 3, 4, 5, 6}
	writeNpz(t, "id.npz", "embeddings", vectors, "ids", []string{long + "1", "b", "c"})
	writeNpz(t, "good.npz", "embeddings", vectors)
	for _, test := range []struct {
		want string
		args []string
	}{
		{`id.npz: sample ID "long `, []string{"id.npz"}},
		{`good.npz: epoch 1: layer "long `, []string{"--layer", long, "good.npz"}},
	} {
		status, out, errs := zoetrope(t, append([]string{"--db", db, "import", "--run", "r"}, test.args...)...)
		if status != 1 || out != "" || !strings.Contains(errs, test.want) || !strings.Contains(errs, "bytes, at most 1024 are allowed") {
			t.Errorf("exit %d, %s%.300s: want 1 and %q", status, out, errs, test.want)
		}
		if _, err := os.Stat(db); err == nil {
			t.Fatal("a store was made")
		}
	}
	if status, _, errs := zoetrope(t, "--db", db, "import", "--run", "r", "good.npz"); status != 0 {
		t.Fatal(errs)
	}
	store, err := tracker.Open(t.Context(), db, tracker.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	err = store.Write(t.Context(), func(tx *tracker.Tx) error {
		for _, statement := range []string{
			"UPDATE sample SET uid = ? || uid, seal = -1", "UPDATE frame SET layer = ?, seal = -1", // -1: of a store from before seals
		} {
			if _, err := tx.ExecContext(t.Context(), statement, long); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(t.Context(), "UPDATE run SET ids_sum = -1")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"out.arrow", "out.npz", "out.parquet"} {
		if status, _, errs := zoetrope(t, "--db", db, "export", "--run", "r", "-o", name); status != 0 {
			t.Errorf("%s: %s", name, errs)
		}
	}
	if status, _, errs := zoetrope(t, "--db", db, "export", "--run", "r", "-o", "folder", "--format", "tensorboard-tsv"); status != 0 {
		t.Error(errs)
	}
	if metadata, err := os.ReadFile("folder/metadata.tsv"); err != nil || !bytes.Contains(metadata, []byte(long+"2")) {
		t.Errorf("metadata.tsv begins %.100q: %v", metadata, err)
	}
}
