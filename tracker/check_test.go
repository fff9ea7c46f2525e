package tracker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

func TestCheck(t *testing.T) {
	ctx := context.Background()
	address := pgtest.Store(t)
	s := newStoreAt(t, address)
	r := newRun(t, s, "cnn", 30)
	for epoch := 1; epoch <= 4; epoch++ {
		err := r.Log(ctx, Epoch{Number: epoch, Layers: []Layer{{Name: "fc1", Dim: 10, Vectors: someVectors(epoch, 30, 10)}, {Name: "few", Dim: 1, Vectors: []float32{1}, IDs: []string{"7"}}},
			Outputs: &Outputs{Losses: make([]float64, 30)}, Metrics: Metrics{"loss": 1}})
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func() Report {
		t.Helper()
		stages := 0
		report, err := Check(ctx, address, func(stage string, done, total int) { stages++ })
		if err != nil || stages == 0 {
			t.Fatalf("Check = %v, %d stages", err, stages)
		}
		return report
	}
	report := check()
	if len(report.Damage) > 0 || len(report.Orphans) > 0 || report.Schema != database.LatestSchema() {
		t.Errorf("Check of a sound store = %+v", report)
	}
	if len(report.Runs) != 1 || report.Runs[0].Frames != 8 || report.Runs[0].Readable != 8 || report.Runs[0].Epochs != 4 || report.Runs[0].State != Running {
		t.Errorf("Check = %+v", report.Runs)
	}
	for _, test := range []struct{ query, want string }{
		{"UPDATE chunk SET checksum = checksum + 1 WHERE frame = (SELECT min(id) FROM frame)", `run test/cnn, layer "fc1", epoch 1: rows 0 to 30 have checksum`},
		{"DELETE FROM chunk WHERE frame = (SELECT max(id) FROM frame)", `run test/cnn, layer "few", epoch 4: 0 of 1 rows are there, and samples for 1`},
		{"UPDATE sample SET label = 'other' WHERE uid = '7'", "the ids, labels, metadata or thumbnails of 30 samples (0 … 29) are not what was logged"},
		{"UPDATE roster_row SET sample = (SELECT min(id) FROM sample) WHERE roster = (SELECT max(id) FROM roster)", "which samples the rows of some frames are (1 of 1, list"},
	} {
		if _, err := writer(s).Exec(test.query); err != nil {
			t.Fatal(err)
		}
		report := check()
		if found := strings.Join(report.Damage, "\n"); !strings.Contains(found, test.want) {
			t.Errorf("%s: found %s, want %s", test.query, found, test.want)
		}
	}
	// What is changed of a sample changes a sum of its run's, and a list what its frames are.
	if report := check(); len(report.Damage) != 8 || report.Runs[0].Readable != 3 || len(report.Unsealed) > 0 {
		t.Errorf("Check = %+v", report)
	}
	for _, query := range []string{
		"INSERT INTO sample_set (hash, rows) VALUES ('x', 0)",
		"INSERT INTO roster (hash, rows) VALUES ('x', 0)",
	} {
		if _, err := writer(s).Exec(query); err != nil && pgtest.Current == nil {
			if _, err := writer(s).Exec(strings.Replace(query, "'x'", "x'00'", 1)); err != nil {
				t.Fatal(err)
			}
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if report := check(); len(report.Orphans) != 2 {
		t.Errorf("Check finds the orphans %q, want two", report.Orphans)
	}
}

func TestCheckOfFile(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	dir := t.TempDir()
	if _, err := Check(ctx, filepath.Join(dir, "none.db"), nil); !errors.Is(err, ErrNoStore) {
		t.Errorf("Check of nothing = %v", err)
	}
	old := filepath.Join(dir, "old.db")
	if err := os.WriteFile(old, gunzip(t, schemaFile(1)), 0o644); err != nil {
		t.Fatal(err)
	}
	report, err := Check(ctx, old, nil)
	if err != nil || report.Schema != 1 || len(report.Damage) > 0 || len(report.Runs) != 1 || report.Runs[0].Readable != 2 || report.Bytes == 0 {
		t.Errorf("Check of schema 1 = %+v, %v", report, err)
	}
	for _, name := range []string{".other.db-new-ABCDEFGHIJKLMNOPQRSTUVWXYZ", "old.db-locks/gone.lock"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if report, err := Check(ctx, old, nil); err != nil || len(report.Orphans) != 2 {
		t.Errorf("Check = %q, %v, want two files", report.Orphans, err)
	}
	saved := filepath.Join(dir, "saved.db")
	if _, err := Salvage(ctx, old, saved, nil); err != nil {
		t.Fatal(err)
	}
	if f, err := newStoreAt(t, saved).Frame(ctx, "old", "", 2); err != nil || len(f.Vectors) != 3 {
		t.Errorf("a store of schema 1 is not salvaged: %v", err)
	}
}
