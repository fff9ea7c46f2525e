package database

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// leftover is the name under which NewFile makes a file, or of one of SQLite's beside it.
var leftover = regexp.MustCompile(`^\..+-new-[A-Z2-7]{26}(-wal|-shm|-journal)?$`)

// IsLeftover reports whether a name is that of a file that NewFile was making when its process was killed, or is making now.
func IsLeftover(name string) bool { return leftover.MatchString(name) }

// NewFile makes a file under another name, has it written by fill, and links it into place, so that nobody ever sees half of
// one, and nothing that is there is written over: the error is then fs.ErrExist. what says what it is for, in an error.
func NewFile(path, what string, fill func(tmp string) error) error {
	folder, base := filepath.Split(path)
	here := filepath.Clean(folder)
	fail := func(err error) error {
		var refused *refusal.Error
		if errors.As(err, &refused) {
			return err
		}
		if SQLiteCode(err) == sqlite3.SQLITE_FULL {
			return refusal.New(refusal.ErrNoSpace, "cannot %s in the folder %s: the disk is full", what, here)
		}
		return fmt.Errorf("cannot %s in the folder %s: %w", what, here, Cause(err))
	}
	tmp := filepath.Join(folder, "."+base+"-new-"+rand.Text())
	f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		if _, serr := os.Stat(folder); errors.Is(serr, fs.ErrNotExist) {
			return refusal.New(refusal.ErrNoStore, "cannot %s: the folder %s does not exist", what, here)
		}
		return fail(err)
	}
	f.Close()
	defer func() {
		for _, side := range []string{"", "-wal", "-shm", "-journal"} {
			os.Remove(tmp + side)
		}
	}()
	if err := fill(tmp); err != nil {
		return fail(err)
	}
	err = os.Link(tmp, path)
	if err != nil && !errors.Is(err, fs.ErrExist) { // a file system without links
		if _, serr := os.Stat(path); errors.Is(serr, fs.ErrNotExist) {
			err = os.Rename(tmp, path)
		}
	}
	if err != nil {
		return fail(err)
	}
	if d, err := os.Open(here); err == nil { // the new name must survive a power loss too; not every system can
		d.Sync()
		d.Close()
	}
	return nil
}
