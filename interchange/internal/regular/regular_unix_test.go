//go:build unix

package regular

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOpen: a pipe to which nobody writes is refused at once.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("four"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, open := range []func(name string) (*os.File, int64, error){
		func(name string) (*os.File, int64, error) { return Open(filepath.Join(dir, name)) },
		func(name string) (*os.File, int64, error) { return OpenIn(root, name) },
	} {
		if f, size, err := open("file"); err != nil || size != 4 {
			t.Errorf("a file of 4 bytes: %d, %v", size, err)
		} else {
			f.Close()
		}
		for _, name := range []string{"pipe", "."} {
			if _, _, err := open(name); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
				t.Errorf("%s: %v, want that it is not a regular file", name, err)
			}
		}
	}
}
