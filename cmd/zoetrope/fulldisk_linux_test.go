package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// smallDisk mounts a disk of 4 MB. Who may not is told what is left out; where ZOETROPE_REQUIRE_ALL is 1, that is a failure.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		if os.Getenv("ZOETROPE_REQUIRE_ALL") == "1" {
			t.Fatalf("no right to mount a disk of its own here (%v): run the tests as root", err)
		}
		t.Skipf("SKIPPED: %s: no right to mount a disk of its own here (%v): run the tests as root", t.Name(), err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no page free on a disk.
func fill(t *testing.T, dir string) {
	t.Helper()
	os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 8<<20), 0o600) // as far as it goes
	var free syscall.Statfs_t
	if err := syscall.Statfs(dir, &free); err != nil || free.Bavail != 0 {
		t.Fatalf("%d blocks are free: %v", free.Bavail, err)
	}
}

// TestFullDisk: on a disk without a free page, a sound store is read, no command calls it damaged, and a file that cannot be
// written anew stays as it was.
func TestFullDisk(t *testing.T) {
	path, made := ramp(t, 3, 40, 4)
	command(t, 0, "import", "--run", "r", path)
	command(t, 0, "project", "--n-neighbors", "5", "--n-epochs", "5")
	store, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	dir := smallDisk(t)
	db := filepath.Join(dir, "a.db")
	if err := os.WriteFile(db, store, 0o600); err != nil {
		t.Fatal(err)
	}
	files := map[string][]string{
		"points.csv":   {"points"},
		"points.json":  {"points", "--format", "json"},
		"points.npy":   {"points", "--format", "npy"},
		"map.png":      {"plot"},
		"map.svg":      {"plot"},
		"training.gif": {"plot", "--animate"},
		"quality.png":  {"plot", "quality"},
		"page.html":    {"export"},
		"vectors.npz":  {"export"},
	}
	for name := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fill(t, dir)
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}

	for _, args := range [][]string{{"runs"}, {"show"}, {"points"}, {"quality"}, {"neighbors", "--epoch", "1", "--sample", "0"}} {
		command(t, 0, append(args, "--db", db)...)
	}
	if said := command(t, 0, "doctor", "--db", db); strings.Contains(strings.ToLower(said), "damage") || !strings.Contains(said, "Sound: 3 of 3 frames") {
		t.Errorf("doctor says %s", said)
	}
	for name, args := range files {
		file := filepath.Join(dir, name)
		said := command(t, 1, append(args, "--db", db, "-o", file)...)
		if !strings.Contains(said, "no space left on device") || !strings.Contains(said, file) || strings.Contains(said, "damage") {
			t.Errorf("%s: the command says %s", name, said)
		}
		if b, err := os.ReadFile(file); err != nil || string(b) != "before" {
			t.Errorf("%s holds %.20q (%v)", name, b, err)
		}
	}
	if said := command(t, 1, "backup", "--db", db, filepath.Join(dir, "copy.db")); strings.Contains(said, "damage") {
		t.Errorf("backup says %s", said)
	}
	after, err := os.ReadDir(dir)
	after = slices.DeleteFunc(after, func(e os.DirEntry) bool { return e.Name() == "a.db-wal" || e.Name() == "a.db-shm" }) // a reader's
	if err != nil || len(after) != len(before) {
		t.Errorf("the disk holds %v, before %v (%v)", after, before, err)
	}
}
