package tracker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

// TestSeals lets rows pass for others, as an index that is damaged does: each is whole, and none is what was asked for.
func TestSeals(t *testing.T) {
	ctx := context.Background()
	for name, test := range map[string]struct {
		damage []string
		read   func(s *Store) error
	}{
		"another epoch's vectors": {[]string{"DELETE FROM frame WHERE epoch = (SELECT e.id FROM epoch e WHERE e.number = 3 AND e.run = 1)", "UPDATE frame SET epoch = (SELECT e.id FROM epoch e WHERE e.number = 3 AND e.run = 1) WHERE epoch = (SELECT e.id FROM epoch e WHERE e.number = 2 AND e.run = 1) AND layer = 'fc1'"},
			func(s *Store) error { _, err := s.Frame(ctx, "one", "fc1", 3); return err }},
		"another layer's": {[]string{"UPDATE frame SET layer = 'other' WHERE layer = 'fc1'"},
			func(s *Store) error { _, err := s.Frame(ctx, "one", "other", 1); return err }},
		"another run's": {[]string{"UPDATE epoch SET run = 2, number = number + 10 WHERE run = 1"},
			func(s *Store) error { _, err := s.Frame(ctx, "two", "fc1", 11); return err }},
		"parts of another frame": {[]string{"UPDATE chunk SET frame = 1000 WHERE frame = 1", "UPDATE chunk SET frame = 1 WHERE frame = 2"},
			func(s *Store) error { _, err := s.Frame(ctx, "one", "fc1", 1); return err }},
		"other columns": {[]string{"UPDATE frame SET dim = 4, rows = 5, roster = (SELECT max(id) FROM roster)"},
			func(s *Store) error { _, err := s.Frame(ctx, "one", "fc1", 1); return err }},
		"another list of samples": {[]string{"UPDATE frame SET roster = (SELECT max(id) FROM roster) WHERE rows = 5"},
			func(s *Store) error { _, err := s.Frame(ctx, "one", "few", 1); return err }},
		"an id": {[]string{"UPDATE sample SET uid = 'x' WHERE uid = '7'"},
			func(s *Store) error { _, err := s.Samples(ctx, "one"); return err }},
		"an id of a frame": {[]string{"UPDATE sample SET uid = 'x' WHERE uid = '7'"},
			func(s *Store) error { _, err := s.Frame(ctx, "one", "fc1", 1); return err }},
		"an id, to go on with": {[]string{"UPDATE sample SET uid = 'x' WHERE uid = '7'", "UPDATE run SET state = 'stopped'"},
			func(s *Store) error {
				_, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "one", Resume: Must})
				return err
			}},
		"a label":  {[]string{"UPDATE sample SET label = 'x' WHERE uid = '7'"}, func(s *Store) error { _, err := s.Samples(ctx, "one"); return err }},
		"metadata": {[]string{"UPDATE sample SET metadata = '{}' WHERE uid = '7'"}, func(s *Store) error { _, err := s.Samples(ctx, "one"); return err }},
		"a set of samples that is gone": {[]string{"DELETE FROM run_sample_set WHERE run = 1"},
			func(s *Store) error { _, err := s.Samples(ctx, "one"); return err }},
		"a thumbnail": {[]string{"UPDATE sample SET thumbnail = (SELECT thumbnail FROM sample WHERE uid = '8' LIMIT 1) WHERE uid = '7'"},
			func(s *Store) error { _, err := s.Thumbnail(ctx, "one", "7"); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			sealed(t, s)
			if err := test.read(s); err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrRunActive) {
				t.Fatalf("before the damage: %v", err)
			}
			if _, err := writer(s).Exec(deferred()); err != nil {
				t.Fatal(err)
			}
			for _, query := range test.damage {
				if _, err := writer(s).Exec(query); err != nil {
					t.Fatalf("%s: %v", query, err)
				}
			}
			for _, r := range live(s) {
				r.release()
			}
			if err := test.read(s); !errors.Is(err, ErrCorrupt) {
				t.Errorf("it is read, with %v: want ErrCorrupt", err)
			}
		})
	}
}

// deferred lets the writer break references between rows.
func deferred() string {
	if pgtest.Current != nil {
		return "SET session_replication_role = replica"
	}
	return "PRAGMA foreign_keys = 0"
}

// live lists the runs that a store writes.
func live(s *Store) (list []*Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for r := range s.live {
		list = append(list, r)
	}
	return list
}

// sealed logs two runs of three epochs, of ten samples with all that samples can have.
func sealed(t *testing.T, s *Store) {
	ctx := context.Background()
	for _, name := range []string{"one", "two"} {
		r := newRun(t, s, name, 0)
		var list []Sample
		for i := range 10 {
			list = append(list, Sample{ID: fmt.Sprint(i), Label: fmt.Sprint(i % 3), Metadata: map[string]any{"i": i},
				Thumbnail: append(tinyPNG[:len(tinyPNG):len(tinyPNG)], byte(i))})
		}
		if err := r.AddSamples(ctx, list); err != nil {
			t.Fatal(err)
		}
		for number := 1; number <= 3; number++ {
			err := r.Log(ctx, Epoch{Number: number, Layers: []Layer{
				{Name: "fc1", Dim: 2, Vectors: someVectors(number, 10, 2)},
				{Name: "few", Dim: 2, Vectors: someVectors(number, 5, 2), IDs: []string{"0", "1", "2", "3", "4"}},
				{Name: "last", Dim: 2, Vectors: someVectors(number, 5, 2), IDs: []string{"5", "6", "7", "8", "9"}},
			}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestUnsealed logs on in a store that an earlier version has made: what was there is read as ever, and Check says what has no
// seal; what is logged has one.
func TestUnsealed(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "old.db")
	if err := os.WriteFile(path, gunzip(t, schemaFile(5)), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStoreAt(t, path)
	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "old", Resume: Must})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddSamples(ctx, []Sample{{ID: "new"}}); err != nil {
		t.Fatal(err)
	}
	if err := r.Log(ctx, Epoch{Number: 3, Layers: []Layer{{Name: "fc1", Dim: 1, Vectors: []float32{1, 2, 3, 4}}}}); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Samples(ctx, "old"); err != nil || len(list) != 4 {
		t.Errorf("Samples = %v, %v", list, err)
	}
	report, err := Check(ctx, path, nil)
	if want := "[run test/old: 2 of 3 frames run test/old: its samples]"; err != nil || fmt.Sprint(report.Unsealed) != want || len(report.Damage) > 0 {
		t.Errorf("Check finds %q without seals, and damage %q, %v; want %s", report.Unsealed, report.Damage, err, want)
	}
}

// TestMigrationBits flips each bit of what the table of migrations says: the store opens, and what it holds is read.
func TestMigrationBits(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	s := newStore(t)
	sealed(t, s)
	for _, r := range live(s) {
		if err := r.Finish(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var page int64
	if err := reader(s).QueryRow("SELECT rootpage FROM sqlite_schema WHERE name = 'migration'").Scan(&page); err != nil {
		t.Fatal(err)
	}
	s.Close()
	whole, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	start := int(page-1) * 4096
	end := start + 4096
	var bytes []int // the head of the page, where its rows are, and the rows
	for at := start; at < end; at++ {
		if whole[at] != 0 {
			bytes = append(bytes, at)
		}
	}
	bits, refused, step := 0, 0, 1
	if testing.Short() {
		step = 7
	}
	for i := 0; i < 8*len(bytes); i += step {
		at, bit := bytes[i/8], byte(1)<<(i%8)
		damaged := append([]byte{}, whole...)
		damaged[at] ^= bit
		if err := os.WriteFile(s.Path(), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		bits++
		for _, readOnly := range []bool{true, false} {
			if err := readOne(ctx, s.Path(), readOnly); err != nil {
				refused++
				t.Errorf("byte %d of the page, bit %02x, read-only %v: %v", at-start, bit, readOnly, err)
			}
		}
	}
	t.Logf("%d bits flipped, of %d bytes: refused %d", bits, len(bytes), refused)
}

func readOne(ctx context.Context, path string, readOnly bool) error {
	s, err := Open(ctx, path, OpenOptions{ReadOnly: readOnly})
	if err != nil {
		return err
	}
	_, err = s.Frame(ctx, "one", "fc1", 2)
	return errors.Join(err, s.Close())
}

// TestPrivate holds the permissions of a store, its locks and a backup against what they must be.
func TestPrivate(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "zoetrope.db")
	mode := func(name string) string {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%o", info.Mode().Perm())
	}
	s := newStoreAt(t, path)
	r := newRun(t, s, "one", 3)
	if err := s.Backup(ctx, filepath.Join(dir, "backup.db"), nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"zoetrope.db": "600", "zoetrope.db-wal": "600", "zoetrope.db-shm": "600", "backup.db": "600",
		"zoetrope.db-locks": "700", "zoetrope.db-locks/turn.lock": "600", "zoetrope.db-locks/" + r.ID() + ".lock": "600"} {
		if got := mode(name); got != want {
			t.Errorf("%s has the permissions %s, want %s", name, got, want)
		}
	}
	s.Close()
	if err := errors.Join(os.RemoveAll(path+"-locks"), os.Chmod(path, 0o660)); err != nil {
		t.Fatal(err)
	}
	newRun(t, newStoreAt(t, path), "two", 3)
	for name, want := range map[string]string{"zoetrope.db-locks": "770", "zoetrope.db-wal": "660"} {
		if got := mode(name); got != want {
			t.Errorf("of a store that is shared, %s has the permissions %s, want %s", name, got, want)
		}
	}
}

// TestStoppedWriter has a turn held by somebody who does nothing with it: a writer fails with ErrBusy after ten seconds, and
// not after the minute that it waits where others write.
func TestStoppedWriter(t *testing.T) {
	sqliteOnly(t)
	if testing.Short() {
		t.Skip("waits ten seconds")
	}
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "zoetrope.db")
	first, second := newStoreAt(t, path), newStoreAt(t, path)
	stopped, resume := make(chan bool), make(chan bool)
	done := make(chan error)
	go func() {
		done <- first.Write(ctx, func(tx *Tx) error {
			close(stopped)
			<-resume
			return nil
		})
	}()
	<-stopped
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second) // far from both ten and seventy
	defer cancel()
	err := second.Write(ctx, func(tx *Tx) error { return nil })
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "10s") {
		t.Errorf("beside a writer that stands still, Write = %v, want ErrBusy", err)
	}
	close(resume)
	if err := <-done; err != nil {
		t.Errorf("the writer that stood still: %v", err)
	}
	if err := second.Write(context.Background(), func(tx *Tx) error { return nil }); err != nil {
		t.Errorf("after that: %v", err)
	}
}
