package rawsqlite

import (
	"bytes"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	_ "modernc.org/sqlite"
)

// database makes a database with rows of every kind and size, some deleted, and returns its folder's files as a crash
// leaves them: the last rows are only in the write-ahead log.
func database(t testing.TB, pageSize int) (path string, want map[string]map[any][]any) {
	t.Helper()
	dir := t.TempDir()
	live := filepath.Join(dir, "live.db")
	db, err := sql.Open("sqlite", live)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(fmt.Sprintf("PRAGMA page_size = %d; PRAGMA journal_mode = WAL", pageSize))
	exec("CREATE TABLE thing (id INTEGER PRIMARY KEY, n INTEGER, x REAL, label TEXT, data BLOB); CREATE INDEX thing_n ON thing (n)")
	exec("CREATE TABLE pair (a INTEGER, b INTEGER, text TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID")
	exec("PRAGMA synchronous = OFF")
	random := rand.New(rand.NewPCG(1, 2))
	want = map[string]map[any][]any{"thing": {}, "pair": {}}
	for id := int64(1); id <= 300; id++ {
		if id == 250 {
			exec("PRAGMA wal_checkpoint(TRUNCATE)")
		}
		row := []any{nil, random.Int64() >> random.IntN(64), random.NormFloat64(), fmt.Sprint("label ", id), make([]byte, random.IntN(3000))}
		for i := range row[4].([]byte) {
			row[4].([]byte)[i] = byte(random.Uint32())
		}
		if id%7 == 0 {
			row[1], row[2], row[3], row[4] = nil, float64(id), "", make([]byte, 100_000)
		}
		exec("INSERT INTO thing VALUES (?, ?, ?, ?, ?)", id, row[1], row[2], row[3], row[4])
		want["thing"][id] = row
		pair := []any{id % 5, -id, fmt.Sprint(id)}
		exec("INSERT INTO pair VALUES (?, ?, ?)", pair...)
		want["pair"][pair[1]] = pair
	}
	exec("DELETE FROM thing WHERE id BETWEEN 20 AND 60")
	for id := int64(20); id <= 60; id++ {
		delete(want["thing"], id)
	}
	path = filepath.Join(dir, "crashed.db")
	for _, side := range []string{"", "-wal"} {
		b, err := os.ReadFile(live + side)
		if err == nil {
			err = os.WriteFile(path+side, b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return path, want
}

// read returns the rows of a file by table and key, and counts complaints. Rows on pages that nothing leads to count as
// those of the table that they fit.
func read(t testing.TB, path string) (got map[string]map[any][]any, complaints []error) {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, n := range f.Notes {
		complaints = append(complaints, fmt.Errorf("%s", n))
	}
	got = map[string]map[any][]any{"thing": {}, "pair": {}}
	for row, err := range f.Rows(nil) {
		switch {
		case err != nil:
			complaints = append(complaints, err)
		case row.Index:
		case row.HasRowid && len(row.Values) == 5:
			got["thing"][row.Rowid] = row.Values
		case !row.HasRowid && len(row.Values) == 3:
			got["pair"][row.Values[1]] = row.Values
		}
	}
	return got, complaints
}

// same compares rows; a real number may be kept as an integer.
func same(a, b []any) bool {
	return slices.EqualFunc(a, b, func(a, b any) bool {
		if data, ok := a.([]byte); ok {
			other, _ := b.([]byte)
			return bytes.Equal(data, other)
		}
		return fmt.Sprint(a) == fmt.Sprint(b)
	})
}

func TestRows(t *testing.T) {
	for _, size := range []int{512, 1024, 4096, 32768, 65536} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			path, want := database(t, size)
			got, complaints := read(t, path)
			if len(complaints) > 0 {
				t.Errorf("complaints of a sound file: %v", complaints)
			}
			for table := range want {
				if !maps.EqualFunc(got[table], want[table], same) {
					t.Errorf("%s: %d rows, want %d, or they differ", table, len(got[table]), len(want[table]))
				}
			}
		})
	}
}

// TestDamage overwrites one page at a time: rows elsewhere are found, and none comes out other than it was, unless its own
// bytes were hit.
func TestDamage(t *testing.T) {
	const size = 1024
	path, _ := database(t, size)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path + "-wal")
	want, _ := read(t, path) // without the log
	all := len(want["thing"]) + len(want["pair"])
	random := rand.New(rand.NewPCG(3, 4))
	most := 0
	for page := 0; page < len(whole)/size; page += 1 + random.IntN(60) {
		b := bytes.Clone(whole)
		for i := range size {
			b[page*size+i] = byte(random.Uint32())
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		got, _ := read(t, path)
		found := 0
		for table := range want {
			for key, row := range want[table] {
				if same(got[table][key], row) {
					found++
				}
			}
		}
		most = max(most, all-found)
		if all-found > 100 { // as many as a page of the smallest rows holds
			t.Errorf("page %d of random bytes costs %d of %d rows", page+1, all-found, all)
		}
	}
	t.Logf("a damaged page costs %d of %d rows at most", most, all)
}

func TestCutShort(t *testing.T) {
	path, want := database(t, 4096)
	os.Remove(path + "-wal")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)/2+100], 0o644); err != nil {
		t.Fatal(err)
	}
	got, complaints := read(t, path)
	if n := len(got["thing"]); n < len(want["thing"])/5 || len(complaints) == 0 {
		t.Errorf("of half a file %d rows of %d are read, with %v", n, len(want["thing"]), complaints)
	}
}

func FuzzOpen(f *testing.F) {
	path, _ := database(f, 512)
	db, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	wal, err := os.ReadFile(path + "-wal")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(db[:40*512], wal[:min(len(wal), 20*536)])
	f.Add(db[:3*512], []byte{})
	f.Add([]byte(magic), []byte{})
	f.Fuzz(func(t *testing.T, db, wal []byte) {
		path := filepath.Join(t.TempDir(), "x.db")
		if os.WriteFile(path, db, 0o644) != nil || os.WriteFile(path+"-wal", wal, 0o644) != nil {
			t.Fatal("cannot write")
		}
		file, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for range file.Rows(nil) {
		}
	})
}
