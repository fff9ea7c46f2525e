package tracker

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

var update = flag.Bool("update", false, "write testdata/schema*.db.gz of the latest schema anew; never after its release")

// TestOldSchemas opens a store of each schema number, and finds what was logged in it and the tables of a new store.
func TestOldSchemas(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	fresh := newStore(t)
	if *update {
		writeSchemaFile(t)
	}
	for number := 1; number <= database.LatestSchema(); number++ {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "old.db")
			if err := os.WriteFile(path, gunzip(t, schemaFile(number)), 0o644); err != nil {
				t.Fatal(err)
			}
			s, err := Open(ctx, path, OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			f, err := s.Frame(ctx, "test/old", "fc1", 1)
			if err != nil || !slices.Equal(f.Vectors, []float32{1.5, 1.5, 1.5}) || !slices.Equal(f.IDs, []string{"0", "1", "2"}) {
				t.Errorf("Frame = %+v, %v", f, err)
			}
			if info, err := s.Run(ctx, ""); info.State != Stopped || info.Epochs != 2 || info.Samples != 3 || err != nil {
				t.Errorf("Run = %+v, %v", info, err)
			}
			if got := table(t, reader(s), "SELECT tags, notes, code = '' AND host = '' FROM runs"); number == 1 && got != "[[[]  1]]" {
				t.Errorf("what a run of schema 1 lacks is %s", got)
			}
			if got := table(t, reader(s), "SELECT DISTINCT dtype, length(vector) FROM vectors"); got != "[[float32 4]]" {
				t.Errorf("vectors: %s", got)
			}
			if ms, err := s.Metrics(ctx, "", "loss"); len(ms) != 2 || ms[1].Value != 0.5 || err != nil {
				t.Errorf("Metrics = %+v, %v", ms, err)
			}
			const tables = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
			if got, want := table(t, reader(s), tables), table(t, reader(fresh), tables); got != want {
				t.Errorf("the tables differ from a new store's; if schema %d was never released, go test -run OldSchemas -update:\n%s\nwant\n%s", number, got, want)
			}
			r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "old", Resume: Must})
			if err != nil {
				t.Fatal(err)
			}
			logged(t, r, 3, 3, 0.5)
		})
	}
}

func schemaFile(number int) string {
	return filepath.Join("testdata", fmt.Sprintf("schema%d.db.gz", number))
}

// writeSchemaFile stores a run of two epochs in small pages, to keep the file small.
func writeSchemaFile(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "old", 3)
	logged(t, r, 1, 3, 0.5)
	logged(t, r, 2, 3, 0.5)
	if err := r.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", s.Path())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("PRAGMA journal_mode = delete; PRAGMA page_size = 512; VACUUM; PRAGMA journal_mode = wal"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(b)
	w.Close()
	if err := os.WriteFile(schemaFile(database.LatestSchema()), zipped.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func gunzip(t testing.TB, path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestViewColumns keeps the promise that the views are stable: columns may be added at the end, none goes.
func TestViewColumns(t *testing.T) {
	s := newStore(t)
	for view, want := range map[string]string{
		"runs":    "run experiment name state started seen ended epochs last_epoch samples params cause tags notes code host",
		"samples": "run sample position label metadata thumbnail",
		"metrics": "run name step epoch time value kind",
		"vectors": "run layer epoch sample dim norm vector dtype",
		"points":  "run projection revision epoch sample label prediction x y z",
	} {
		rows, err := reader(s).Query("SELECT * FROM " + view)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		rows.Close()
		if got := strings.Join(columns, " "); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("view %s has columns %s, %v, want %s", view, got, err, want)
		}
	}
}
