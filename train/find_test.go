package train

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDataFolders(t *testing.T) {
	abs := func(p string) string { a, _ := filepath.Abs(filepath.FromSlash(p)); return a }
	cached := func(cache string) string {
		return filepath.Join(cache, filepath.FromSlash("github.com/petar/!go!m!n!i!s!t@v0.0.0-20150320212226-2fbe10d0fa63/data"))
	}
	for _, c := range []struct {
		name, source string
		want         []string
	}{
		{"in the cache", filepath.Join(filepath.Dir(cached(abs("/mod"))), "util.go"), []string{cached(abs("/mod"))}},
		{"in another cache", abs("/old/GoMNIST/util.go"), []string{abs("/old/GoMNIST/data"), cached(abs("/mod"))}},
		{"trimmed", mnistModule + "/util.go", []string{cached(abs("/mod"))}},
		{"unknown", "", []string{cached(abs("/mod"))}},
	} {
		if got := dataFolders(c.source, []string{abs("/mod")}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestModuleCaches(t *testing.T) {
	for _, c := range []struct {
		name, cache, path, home, want string
	}{
		{"GOMODCACHE", "/cache", "/gopath", "/home", "/cache"},
		{"GOPATH", "", "/gopath", "/home", "/gopath/pkg/mod"},
		{"neither", "", "", "/home", "/home/go/pkg/mod"},
	} {
		t.Setenv("GOMODCACHE", filepath.FromSlash(c.cache))
		t.Setenv("GOPATH", filepath.FromSlash(c.path))
		t.Setenv("HOME", filepath.FromSlash(c.home))
		t.Setenv("USERPROFILE", filepath.FromSlash(c.home))
		if got := moduleCaches(); !slices.Equal(got, []string{filepath.FromSlash(c.want)}) {
			t.Errorf("%s: %q, want %s", c.name, got, c.want)
		}
	}
}

// A folder without the files is an error that says what to do.
func TestNotFound(t *testing.T) {
	dir := t.TempDir()
	_, err := find([]string{filepath.Join(dir, "a"), filepath.Join(dir, "b")})
	if !errors.Is(err, ErrNoData) {
		t.Fatalf("find = %v, want ErrNoData", err)
	}
	for _, want := range []string{filepath.Join(dir, "a"), filepath.Join(dir, "b"), "go mod download " + mnistModule, "-data DIR"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}
