package tracker

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A disk is a folder of files as a loss of power would leave it: what was written counts once its file is synced, and names
// once their folder is.
type disk struct {
	folder string
	names  map[string]*inode // by path
	safe   map[string]*inode // names that are synced
	begun  map[*sysCall]mark // syncs that are going on
}

// An inode is a file's content.
type inode struct {
	safe   []byte
	synced int         // how many writes are safe
	writes []diskWrite // those after them
}

// A diskWrite changes a file: data at an offset or, if data is nil, the length.
type diskWrite struct {
	at   int64
	data []byte
}

// A mark is what a sync covers: what was there when it began.
type mark struct {
	file  *inode
	upTo  int // the file's writes
	names map[string]*inode
}

func newDisk(folder string) *disk {
	return &disk{folder: folder, names: map[string]*inode{}, safe: map[string]*inode{}, begun: map[*sysCall]mark{}}
}

func (d *disk) enter(c *sysCall) {
	if c.name == "fsync" || c.name == "fdatasync" {
		m := mark{file: d.names[c.file]}
		if m.file != nil {
			m.upTo = m.file.synced + len(m.file.writes)
		} else if c.file == d.folder {
			m.names = maps.Clone(d.names)
		}
		d.begun[c] = m
	}
}

func (d *disk) leave(c *sysCall) {
	if c.result < 0 {
		return
	}
	file := d.names[c.file]
	switch c.name {
	case "open", "openat":
		if path := c.paths[0]; c.create && filepath.Dir(path) == d.folder && d.names[path] == nil {
			d.names[path] = &inode{}
		}
	case "pwrite64":
		if file != nil {
			file.writes = append(file.writes, diskWrite{c.numbers[1], c.data[:c.result]})
		}
	case "write":
		if file != nil {
			panic("a write without an offset to " + c.file)
		}
	case "ftruncate":
		if file != nil {
			file.writes = append(file.writes, diskWrite{c.numbers[0], nil})
		}
	case "fsync", "fdatasync":
		m := d.begun[c]
		delete(d.begun, c)
		if f := m.file; f != nil {
			if n := m.upTo - f.synced; n > 0 { // or another thread's sync has ended first, and covered them
				f.safe, f.writes, f.synced = applyWrites(f.safe, f.writes[:n]), f.writes[n:], m.upTo
			}
		} else if m.names != nil {
			d.safe = m.names
		}
	case "link", "linkat":
		if from := d.names[c.paths[0]]; from != nil {
			d.names[c.paths[1]] = from
		}
	case "rename", "renameat", "renameat2":
		if from := d.names[c.paths[0]]; from != nil {
			d.names[c.paths[1]] = from
			delete(d.names, c.paths[0])
		}
	case "unlink", "unlinkat":
		delete(d.names, c.paths[0])
	}
}

func applyWrites(content []byte, writes []diskWrite) []byte {
	for _, w := range writes {
		end := w.at + int64(len(w.data))
		if w.data == nil && end < int64(len(content)) {
			content = content[:end:end]
		}
		if grow := end - int64(len(content)); grow > 0 {
			content = append(content, make([]byte, grow)...)
		}
		copy(content[w.at:], w.data)
	}
	return content
}

// The ways in which a loss of power treats what is not synced.
const (
	dropped   = "dropped"    // all of it is lost, names too
	namesKept = "names kept" // content is lost, names are there
	lastTorn  = "last torn"  // all is there, but only some sectors of the last write
	scattered = "scattered"  // some writes are there, some in part, some not, in no order
)

// sector is what a disk writes as a whole.
const sector = 512

// after writes the folder to dir as a loss of power would leave it now.
func (d *disk) after(t *testing.T, loss, dir string, random *rand.Rand) {
	t.Helper()
	names := d.names
	if loss == dropped {
		names = d.safe
	}
	for path, file := range names {
		content := slices.Clone(file.safe)
		for i, w := range file.writes {
			switch {
			case loss == dropped || loss == namesKept || loss == scattered && random.IntN(2) == 0:
				continue
			case loss == scattered && random.IntN(2) == 0 || loss == lastTorn && i == len(file.writes)-1:
				w = w.torn(random)
			}
			content = applyWrites(content, []diskWrite{w})
		}
		if strings.HasSuffix(path, "-shm") { // memory of the processes that are gone: anything may be there
			for i := range content {
				content[i] = byte(random.Uint32())
			}
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// torn returns the write as far as some sector.
func (w diskWrite) torn(random *rand.Rand) diskWrite {
	if len(w.data) == 0 {
		return w
	}
	first, last := w.at/sector, (w.at+int64(len(w.data))-1)/sector
	cut := (first + random.Int64N(last-first+1)) * sector
	return diskWrite{w.at, append([]byte{}, w.data[:max(0, cut-w.at)]...)}
}
