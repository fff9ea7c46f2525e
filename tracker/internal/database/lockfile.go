package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// The file of a run's lock is there only while somebody has the lock, who removes it before giving the lock back. Another
// writer may have opened the file by then: it gets a lock on a file that no longer has a name, while a third one makes
// a new file of that name and locks that. So a lock counts only if the file that is locked is still the one that has the
// name. Nobody removes a file without having its lock.

// lockTries and lockPause are for a lock that somebody has only to tidy up.
const (
	lockTries = 3
	lockPause = 10 * time.Millisecond
)

// lockFile locks the file at path, which it makes, and returns ErrRunActive if somebody else has the lock.
func lockFile(path string, mode fs.FileMode) (lock *flock.Flock, err error) {
	for range lockTries {
		if lock, err = tryLockFile(path, mode); !errors.Is(err, refusal.ErrRunActive) {
			break
		}
		time.Sleep(lockPause)
	}
	return lock, err
}

func tryLockFile(path string, mode fs.FileMode) (*flock.Flock, error) {
	for {
		lock := flock.New(path, flock.SetPermissions(mode))
		ok, err := lock.TryLock()
		switch {
		case err != nil:
			return nil, fmt.Errorf("cannot lock %s: %w", path, Cause(err))
		case !ok:
			return nil, refusal.ErrRunActive
		case named(lock):
			return lock, nil
		}
		lock.Close() // of a file that was removed meanwhile
	}
}

// unlockFile removes the file of a lock and gives the lock back.
func unlockFile(lock *flock.Flock) {
	if runtime.GOOS == "windows" { // where a file that anybody has open cannot be removed, so that nobody can lose it
		lock.Close()
		os.Remove(lock.Path())
		return
	}
	if named(lock) { // and not one that another writer has made since somebody removed the folder
		os.Remove(lock.Path())
	}
	lock.Close()
}

// named reports whether the file that is locked is the one that its path names.
func named(lock *flock.Flock) bool {
	mine, err := lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(lock.Path())
	return err == nil && os.SameFile(mine, there)
}

// tidyLocks removes the files of locks that nobody has, of runs that have ended or are gone: earlier versions kept them, and
// a writer that was killed leaves one. It belongs in a transaction that writes, as Start's, so that nobody starts one of these
// runs meanwhile.
func (e *sqliteEngine) tidyLocks(ctx context.Context, tx *Tx) error {
	folder := LockFolder(e.path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil // the lock that was just taken says more
	}
	for _, entry := range entries {
		uid, isLock := strings.CutSuffix(entry.Name(), ".lock")
		if !isLock || entry.Name() == QueueFile {
			continue
		}
		var running bool
		if err := tx.QueryRowContext(ctx, "SELECT count(*) > 0 FROM run WHERE uid = ? AND state = 'running'", uid).Scan(&running); err != nil {
			return err
		}
		if running {
			continue
		}
		if lock, err := lockFile(filepath.Join(folder, entry.Name()), filePermission(e.path)); err == nil {
			unlockFile(lock)
		}
	}
	return nil
}

func (e *postgresEngine) tidyLocks(context.Context, *Tx) error { return nil } // there are no files
