package tracker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// acquire takes the run's lock, which ends with this process, however that ends. The lock keeps an
// honest second writer out at once; the generation in each transaction keeps one out that the lock did not, as on a network
// file system that has no locks.
func (r *Run) acquire(ctx context.Context) error {
	unlock, err := r.store.engine.lock(ctx, r.uid)
	switch {
	case err == nil:
		r.unlock = sync.OnceFunc(unlock)
	case !errors.Is(err, ErrRunActive):
		err = fmt.Errorf("run %s: %w", r.title(), err)
	}
	return err
}

// lock locks a file of the run's in the folder of locks.
func (e *sqliteEngine) lock(ctx context.Context, uid string) (unlock func(), err error) {
	folder := e.path + "-locks"
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the folder of locks %s: %w", folder, cause(err))
	}
	lock, err := lockFile(filepath.Join(folder, uid+".lock"))
	if err != nil {
		return nil, err
	}
	return func() { unlockFile(lock) }, nil
}

func (e *sqliteEngine) keep(context.Context) {} // the kernel loses none

// active says who has the run.
func (r *Run) active(ctx context.Context, tx *Tx) error {
	var writer string
	var seen int64
	if err := tx.QueryRowContext(ctx, "SELECT writer, seen FROM run WHERE id = ?", r.id).Scan(&writer, &seen); err != nil {
		return err
	}
	since := r.store.now().Sub(time.UnixMicro(seen)).Round(time.Second)
	return refuse(ErrRunActive, "run %s is being written by another writer (%s, seen %v ago): wait for it or end it", r.title(), writer, since)
}

func writerName() string {
	return fmt.Sprintf("%s:%d", hostName(), os.Getpid())
}
