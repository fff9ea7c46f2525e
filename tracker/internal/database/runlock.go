package database

import (
	"context"
	"fmt"
	"path/filepath"
)

// Lock takes the lock of the run with this uid, and returns ErrRunActive if another writer has it. The lock ends with this
// process, however that ends.
func (d *DB) Lock(ctx context.Context, uid string) (unlock func(), err error) {
	return d.engine.lock(ctx, uid)
}

// KeepLocks looks after the locks from time to time: it takes those again that were lost with a connection.
func (d *DB) KeepLocks(ctx context.Context) { d.engine.keep(ctx) }

// TidyLocks removes what locks of runs that have ended have left, in a transaction that writes.
func (d *DB) TidyLocks(ctx context.Context, tx *Tx) error { return d.engine.tidyLocks(ctx, tx) }

// LockFolder is the folder of the locks of the store in the file at path. [QueueFile] is there too.
func LockFolder(path string) string { return path + "-locks" }

// lock locks a file of the run's in the folder of locks.
func (e *sqliteEngine) lock(ctx context.Context, uid string) (unlock func(), err error) {
	folder := LockFolder(e.path)
	if err := makeLockFolder(e.path); err != nil {
		return nil, fmt.Errorf("cannot make the folder of locks %s: %w", folder, Cause(err))
	}
	lock, err := lockFile(filepath.Join(folder, uid+".lock"), filePermission(e.path))
	if err != nil {
		return nil, err
	}
	return func() { unlockFile(lock) }, nil
}

func (e *sqliteEngine) keep(context.Context) {} // the kernel loses none
