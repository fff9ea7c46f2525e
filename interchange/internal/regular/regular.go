// Package regular opens regular files only: a pipe or a device has no length, may never end, and may wait for ever to be
// opened.
package regular

import (
	"fmt"
	"os"
)

// Open opens the file at path for reading, and returns its length in bytes.
func Open(path string) (*os.File, int64, error) {
	return check(os.OpenFile(path, os.O_RDONLY|nonblock, 0))
}

// OpenIn opens the file at path within root for reading, and returns its length in bytes.
func OpenIn(root *os.Root, path string) (*os.File, int64, error) {
	return check(root.OpenFile(path, os.O_RDONLY|nonblock, 0))
}

func check(f *os.File, err error) (*os.File, int64, error) {
	if err != nil {
		return nil, 0, err // an *os.PathError: it names the file
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file: want one whose length is known before it is read", f.Name())
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}
