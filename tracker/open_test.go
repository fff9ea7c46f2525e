package tracker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

func TestOpenRefuses(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := write("notes.txt", "Dear diary,\n")
	foreign := filepath.Join(dir, "foreign.db")
	db, err := sql.Open("sqlite", foreign)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE cookies (id INTEGER)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	newer := filepath.Join(dir, "newer.db")
	s, err := Open(ctx, newer, OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer(s).Exec("INSERT INTO migration VALUES (999, '0999_future', 0)"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	whole, err := os.ReadFile(newer)
	if err != nil {
		t.Fatal(err)
	}
	before := names(t, dir)
	for _, test := range []struct {
		name, path string
		o          OpenOptions
		is         error
		want       string
	}{
		{"missing", filepath.Join(dir, "none.db"), OpenOptions{}, ErrNoStore, "no store at " + filepath.Join(dir, "none.db")},
		{"missing, read-only", filepath.Join(dir, "none.db"), OpenOptions{ReadOnly: true, Create: true}, ErrNoStore, "no store at"},
		{"missing folder", filepath.Join(dir, "no", "none.db"), OpenOptions{}, ErrNoStore, "the folder " + filepath.Join(dir, "no") + " does not exist"},
		{"missing folder, create", filepath.Join(dir, "no", "none.db"), OpenOptions{Create: true}, ErrNoStore, "the folder " + filepath.Join(dir, "no") + " does not exist"},
		{"text", text, OpenOptions{}, ErrNotAStore, "not a store but another kind of file: give the path of a store"},
		{"text, create", text, OpenOptions{Create: true}, ErrNotAStore, "another kind of file"},
		{"text, read-only", text, OpenOptions{ReadOnly: true}, ErrNotAStore, "another kind of file"},
		{"empty file", write("empty.db", ""), OpenOptions{Create: true}, ErrNotAStore, "is an empty file"},
		{"another database", foreign, OpenOptions{}, ErrNotAStore, "a SQLite database but not a store"},
		{"cut short", write("short.db", string(whole[:60])), OpenOptions{}, ErrNotAStore, "not a store"},
		{"damaged", write("damaged.db", string(whole[:100])+strings.Repeat("\xff", 8000)), OpenOptions{}, ErrCorrupt, "damaged"},
		{"folder", dir, OpenOptions{}, ErrNotAStore, "is a folder"},
		{"newer", newer, OpenOptions{}, ErrNewerSchema, "has schema 999, and this version reads up to " + fmt.Sprint(database.LatestSchema())},
		{"newer, read-only", newer, OpenOptions{ReadOnly: true}, ErrNewerSchema, "use a newer version"},
		{"address", "mysql://localhost/x", OpenOptions{Create: true}, ErrNotAStore, "mysql:// addresses are not supported"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Open(ctx, test.path, test.o)
			if s != nil || !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Open = %v, want %v with %q", err, test.is, test.want)
			}
			t.Log(err)
		})
	}
	before = append(before, "damaged.db", "empty.db", "short.db")
	slices.Sort(before)
	if after := names(t, dir); !slices.Equal(after, before) {
		t.Errorf("refusals have left files behind: %q, before %q", after, before)
	}
	if got, _ := os.ReadFile(text); string(got) != "Dear diary,\n" {
		t.Errorf("the text file was changed: %q", got)
	}
}

func TestOpenUnwritableFolder(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	s := newStore(t)
	logged(t, newRun(t, s, "cnn", 3), 1, 3, 0)
	s.Close()
	dir := filepath.Dir(s.Path())
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
	if f, err := os.Create(filepath.Join(dir, "probe")); err == nil {
		f.Close()
		t.Skip("this user may write everywhere")
	}
	_, err := Open(ctx, filepath.Join(dir, "new.db"), OpenOptions{Create: true})
	if err == nil || err.Error() != "cannot make a store in the folder "+dir+": permission denied" {
		t.Errorf("Open to create = %v", err)
	}
	_, err = Open(ctx, s.Path(), OpenOptions{})
	if err == nil || !strings.Contains(err.Error(), "the folder "+dir+" must be writable") {
		t.Errorf("Open to write = %v", err)
	}
	if s, err = Open(ctx, s.Path(), OpenOptions{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if f, err := s.Frame(ctx, "", "", 1); len(f.Vectors) != 3 || err != nil {
		t.Errorf("Frame = %+v, %v", f, err)
	}
}

func TestOpenReadOnly(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	newRun(t, s, "cnn", 3).Finish(ctx)
	s.Close()
	before := beside(t, s)
	s, err := Open(ctx, s.Path(), OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(ctx, "cnn"); err != nil {
		t.Error(err)
	}
	if _, err := s.Start(ctx, RunConfig{Name: "x"}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Start = %v, want ErrReadOnly", err)
	}
	if err := s.Write(ctx, func(*Tx) error { return nil }); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Write = %v, want ErrReadOnly", err)
	}
	err = s.Read(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM run")
		return err
	})
	if err == nil {
		t.Errorf("Read has let a DELETE through")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if after := beside(t, s); !slices.Equal(after, before) {
		t.Errorf("reading has left files behind: %q, before %q", after, before)
	}
	if _, err := s.Runs(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("Runs after Close = %v, want ErrClosed", err)
	}
}

func TestReadWhileWriting(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 3)
	logged(t, r, 1, 3, 0)
	reader, err := Open(ctx, s.Path(), OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	logged(t, r, 2, 3, 0)
	if f, err := reader.Frame(ctx, "", "", 2); len(f.Vectors) != 3 || err != nil {
		t.Errorf("a reader of the same file sees %v, %v", f, err)
	}
}

func TestOpenOddPaths(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	for _, name := range []string{"a b.db", "50%.db", "what?.db", "#1.db", "Zoötrop.db", "a&b=c;d.db"} {
		if runtime.GOOS == "windows" && strings.Contains(name, "?") {
			continue
		}
		dir := t.TempDir()
		s, err := Open(ctx, filepath.Join(dir, name), OpenOptions{Create: true})
		if err != nil {
			t.Errorf("Open(%q): %v", name, err)
			continue
		}
		newRun(t, s, "cnn", 1).Finish(ctx)
		s.Close()
		if got := names(t, dir); !slices.Equal(got, []string{name, name + "-locks"}) {
			t.Errorf("Open(%q) makes %q", name, got)
		}
	}
}

func TestOpenByLink(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	s := newStore(t)
	newRun(t, s, "cnn", 1)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(s.Path(), link); err != nil {
		t.Skip(err)
	}
	other, err := Open(ctx, link, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Resume: Must}); !errors.Is(err, ErrRunActive) {
		t.Errorf("Start by another path = %v, want ErrRunActive", err)
	}
}

// beside returns the names of the files where a store lies.
func beside(t testing.TB, s *Store) []string {
	if pgtest.Current != nil {
		return nil
	}
	return names(t, filepath.Dir(s.Path()))
}

func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}
