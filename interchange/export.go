package interchange

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A Source gives what [Export] writes: the vectors of one layer of one run, places on a map, or both. The functions may
// be asked for an epoch more than once; what an epoch does not have is nil.
type Source struct {
	Samples Samples
	Epochs  []int // numbers, ascending
	Layer   string
	Dim     int // of the vectors; 0: there are none
	Dims    int // of the places on the map, 2 or 3; 0: there are none

	Vectors func(ctx context.Context, epoch int) (*Layer, error)
	Points  func(ctx context.Context, epoch int) (*Layer, error)
	Outputs func(ctx context.Context, epoch int) (*Outputs, error) // nil: there are none
}

// Formats are what [Export] writes.
var Formats = []string{"npz", "parquet", "arrow", "arrows", "tensorboard", "tensorboard-tsv"}

// FormatOf is the format that a path asks for by its ending, "" if that says nothing.
func FormatOf(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".npz":
		return "npz"
	case ".parquet", ".pq":
		return "parquet"
	case ".arrow", ".feather", ".ipc":
		return "arrow"
	case ".arrows":
		return "arrows"
	}
	return ""
}

// Exported says what was written.
type Exported struct {
	Rows  int // of all epochs
	Bytes int64
	Notes []string // what a format could not take, for people
}

// A sink takes what is written: progress is reported to it, and notes.
type sink struct {
	*Source
	progress func(done, total int)
	done     int
	passes   int // how often each epoch is visited
	rows     int
	notes    []string
}

// visit reports that an epoch was written.
func (s *sink) visit() {
	s.done++
	if s.progress != nil {
		s.progress(s.done, s.passes*len(s.Epochs))
	}
}

// Export writes a file, or a folder for TensorBoard's projector, of a format of [Formats]. It appears under its name when
// it is complete and on the disk; an error, or the end of ctx, leaves what was there before. A file is replaced, a folder
// only if it is empty.
func Export(ctx context.Context, path, format string, src *Source, progress func(done, total int)) (*Exported, error) {
	s := &sink{Source: src, progress: progress, passes: 1}
	if len(src.Epochs) == 0 || src.Samples.Count == 0 || src.Dim == 0 && src.Dims == 0 {
		return nil, errors.New("there is nothing to export: no epochs, no samples, or neither vectors nor places")
	}
	var write func(context.Context, io.Writer) error
	switch format {
	case "npz":
		write = s.npz
	case "parquet":
		write = s.parquet
	case "arrow", "arrows":
		write = func(ctx context.Context, w io.Writer) error { return s.arrow(ctx, w, format == "arrows") }
	case "tensorboard", "tensorboard-tsv":
		err := toFolder(path, func(dir string) error { return s.tensorBoard(ctx, dir, format == "tensorboard-tsv") })
		return s.exported(path, err)
	default:
		return nil, fmt.Errorf("there is no format %q: want %s", format, strings.Join(Formats, ", "))
	}
	err := WriteFile(path, func(f io.Writer) error {
		b := bufio.NewWriterSize(f, 1<<20)
		if err := write(ctx, b); err != nil {
			return err
		}
		return b.Flush()
	})
	return s.exported(path, err)
}

func (s *sink) exported(path string, err error) (*Exported, error) {
	if err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", path, err)
	}
	e := &Exported{Rows: s.rows, Notes: s.notes}
	err = filepath.Walk(path, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			e.Bytes += info.Size()
		}
		return err
	})
	return e, err
}

// temporary is a name beside path that nothing has yet.
func temporary(path string) string {
	path = filepath.Clean(path)
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+strings.ToLower(rand.Text()[:8])+".tmp")
}

// WriteFile writes a file under another name, and renames it when it is on the disk: nothing is left of one that fails.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is there and is no regular file")
	}
	name := temporary(path)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(name)
		}
	}()
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(name, path)
}

// toFolder writes a folder under another name, and renames it when it is complete.
func toFolder(path string, write func(dir string) error) (err error) {
	if entries, err := os.ReadDir(path); err == nil && len(entries) > 0 {
		return errors.New("the folder is there and is not empty: name a new one")
	} else if err != nil && !os.IsNotExist(err) {
		return err
	}
	name := temporary(path)
	if err := os.Mkdir(name, 0o777); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(name)
		}
	}()
	if err := write(name); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) { // the empty one: Windows does not rename over it
		return err
	}
	return os.Rename(name, path)
}
