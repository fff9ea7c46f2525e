package tracker

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

var everyPage = flag.Bool("everypage", false, "damage every page of a store in TestDamagedPages, not some")

const damageEpochs = 40

// damageStore makes a store of two runs with the same samples, and returns its path and content once it is closed.
func damageStore(t testing.TB) (path string, whole []byte) {
	t.Helper()
	ctx := context.Background()
	s := newStoreAt(t, filepath.Join(t.TempDir(), "zoetrope.db"))
	for _, name := range []string{"one", "two"} {
		r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: name, Params: map[string]any{"lr": 0.1}})
		if err == nil {
			err = r.AddSamples(ctx, someSamples(crashSamples))
		}
		for number := 1; number <= damageEpochs && err == nil; number++ {
			e := crashEpoch(number, number)
			e.Layers = e.Layers[:1]
			if number == 8 {
				e.Layers = append(e.Layers, crashEpoch(8, 8).Layers[1])
			}
			err = r.Log(ctx, e)
		}
		if err == nil {
			err = r.Finish(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	return s.Path(), whole
}

// readDamaged counts the frames of a store that can be read, and fails if one is not as it was logged. An error must say what
// is damaged.
func readDamaged(t *testing.T, s *Store) (frames int) {
	t.Helper()
	ctx := context.Background()
	for _, run := range []string{"test/one", "test/two"} {
		for number := 1; number <= damageEpochs; number++ {
			for layer, attempt := range map[string]int{"fc1": number, "wide": -number} {
				if layer == "wide" && number != 8 {
					continue
				}
				f, err := s.Frame(ctx, run, layer, number)
				if err != nil {
					if len(err.Error()) < 10 {
						t.Errorf("Frame = %v", err)
					}
					continue
				}
				frames++
				if !slices.Equal(f.Vectors, crashVectors(number, attempt, len(f.Vectors))) || len(f.IDs) != crashSamples {
					t.Errorf("run %s, layer %s, epoch %d is read, but is not what was logged", run, layer, number)
				}
				for i, id := range f.IDs {
					if id != fmt.Sprint(i) {
						t.Errorf("run %s, layer %s, epoch %d: sample %d is %q", run, layer, number, i, id)
						break
					}
				}
			}
			s.Outputs(ctx, run, number)
		}
		s.Metrics(ctx, run)
		s.Samples(ctx, run)
	}
	s.Runs(ctx)
	s.Changes(ctx, 0)
	return frames
}

// TestDamagedPages overwrites pages of a store, one at a time. Reading it never panics and never gives other vectors than were
// logged; and Salvage saves all frames but those whose own vectors were hit.
func TestDamagedPages(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	path, whole := damageStore(t)
	const all = 2*damageEpochs + 2
	const size = 4096
	random := rand.New(rand.NewPCG(1, 2))
	dir := filepath.Dir(path)
	pages, fewestRead, fewestSaved, refused := 0, all, all, 0
	for page := 0; page < len(whole)/size; page++ {
		if !*everyPage && page > 4 && random.IntN(60) > 0 {
			continue
		}
		pages++
		b := bytes.Clone(whole)
		part := b[page*size : (page+1)*size]
		kind := random.IntN(3)
		switch kind {
		case 0: // zeros
			clear(part)
		case 1: // noise
			for i := range part {
				part[i] = byte(random.Uint32())
			}
		case 2: // some bytes, somewhere
			at := random.IntN(size - 40)
			for i := range 40 {
				part[at+i] ^= byte(1 + random.IntN(255))
			}
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := Open(ctx, path, OpenOptions{ReadOnly: true})
		if err != nil {
			refused++
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNotAStore) {
				t.Errorf("page %d: Open = %v", page+1, err)
			}
		} else {
			fewestRead = min(fewestRead, readDamaged(t, s))
			s.Close()
		}
		found, err := Check(ctx, path, nil)
		if err != nil {
			t.Errorf("page %d: Check = %v", page+1, err)
		}
		readable := 0
		for _, r := range found.Runs {
			readable += r.Readable
		}
		if readable < all && len(found.Damage) == 0 {
			t.Errorf("page %d: %d of %d frames are readable, and Check finds no damage", page+1, readable, all)
		}
		saved := filepath.Join(dir, "saved.db")
		report, err := Salvage(ctx, path, saved, nil)
		if err != nil {
			t.Errorf("page %d: Salvage = %v", page+1, err)
			continue
		}
		s = newStoreAt(t, saved)
		n := readDamaged(t, s)
		if fewestSaved = min(fewestSaved, n); n < all-8 { // a page holds what lies on pages of their own of at most 8 chunks
			t.Errorf("page %d, damage %d: %d of %d frames are saved: %q", page+1, kind, n, all, report.Lost)
		}
		if n < all && len(report.Lost) == 0 {
			t.Errorf("page %d, damage %d: %d of %d frames are saved, and nothing is said to be lost", page+1, kind, n, all)
		}
		var verdict string
		if err := reader(s).QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
			t.Errorf("page %d: integrity check of what was saved: %s, %v", page+1, verdict, err)
		}
		if dangling := table(t, reader(s), "SELECT * FROM pragma_foreign_key_check"); dangling != "[]" {
			t.Errorf("page %d: in what was saved, rows refer to what is lost:\n%s", page+1, dangling)
		}
		s.Close()
		os.Remove(saved)
	}
	t.Logf("%d of %d pages damaged in turn: %d times the store does not open; otherwise %d of %d frames or more are read; %d or more are salvaged",
		pages, len(whole)/size, refused, fewestRead, all, fewestSaved)
}

func TestSalvageCutShort(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	path, whole := damageStore(t)
	if err := os.WriteFile(path, whole[:len(whole)*2/3], 0o644); err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(t.TempDir(), "saved.db")
	report, err := Salvage(ctx, path, saved, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := readDamaged(t, newStoreAt(t, saved))
	t.Logf("of two thirds of a file %d of %d frames are saved; %q", n, 2*damageEpochs+2, report.Lost[:min(5, len(report.Lost))])
	if n < damageEpochs || len(report.Runs) != 2 || !strings.Contains(fmt.Sprint(report.Lost), "cut short") {
		t.Errorf("%d frames are saved: %+v", n, report)
	}
}

func TestSalvageRefuses(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	path, _ := damageStore(t)
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("Dear diary,\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		path, dest string
		is         error
	}{
		"missing":  {filepath.Join(dir, "none.db"), filepath.Join(dir, "x.db"), ErrNoStore},
		"existing": {path, text, fs.ErrExist},
		"itself":   {path, path, fs.ErrExist},
		"text":     {text, filepath.Join(dir, "x.db"), ErrNotAStore},
		"server":   {"postgres://localhost/x", filepath.Join(dir, "x.db"), ErrInvalid},
	} {
		if _, err := Salvage(ctx, test.path, test.dest, nil); !errors.Is(err, test.is) {
			t.Errorf("%s: Salvage = %v, want %v", name, err, test.is)
		}
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("files are left behind: %q", got)
	}
}

// FuzzSalvage changes bytes of a small store, three for a place and one for what to put there, and salvages it.
func FuzzSalvage(f *testing.F) {
	if pgtest.Current != nil {
		f.Skip("is about a file")
	}
	before := database.Durability
	database.Durability = "synchronous(OFF)"
	f.Cleanup(func() { database.Durability = before })
	whole := gunzip(f, schemaFile(2))
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 1, 0, 0, 1, 2, 0, 4, 7, 255})
	f.Fuzz(func(t *testing.T, edits []byte) {
		b := bytes.Clone(whole)
		for ; len(edits) >= 4; edits = edits[4:] {
			b[(int(edits[0])<<16|int(edits[1])<<8|int(edits[2]))%len(b)] = edits[3]
		}
		dir := t.TempDir()
		path, saved := filepath.Join(dir, "x.db"), filepath.Join(dir, "saved.db")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		if _, err := Check(ctx, path, nil); err != nil && !errors.Is(err, ErrNewerSchema) {
			t.Errorf("Check = %v", err)
		}
		switch _, err := Salvage(ctx, path, saved, nil); {
		case errors.Is(err, ErrNotAStore) || errors.Is(err, ErrNewerSchema):
		case err != nil:
			t.Errorf("Salvage = %v", err)
		default:
			report, err := Check(ctx, saved, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Runs {
				if r.Readable < r.Frames {
					t.Errorf("of what was saved, %d of %d frames can be read: %q", r.Readable, r.Frames, report.Damage)
				}
			}
		}
	})
}
