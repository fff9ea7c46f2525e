package tracker

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// acquire takes the run's lock, which the kernel gives back when this process ends, however it ends. The lock keeps an
// honest second writer out at once; the generation in each transaction keeps one out that the lock did not, as on a network
// file system that has no locks.
func (r *Run) acquire() error {
	folder := r.store.path + "-locks"
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("run %s: cannot make the folder of locks %s: %w", r.title(), folder, cause(err))
	}
	lock := flock.New(filepath.Join(folder, r.uid+".lock"), flock.SetPermissions(0o644))
	ok, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("run %s: cannot lock %s: %w", r.title(), lock.Path(), cause(err))
	}
	if !ok {
		return ErrRunActive
	}
	r.lock = lock
	return nil
}

func (r *Run) unlock() {
	if r.lock != nil {
		r.lock.Close()
	}
}

// active says who has the run.
func (r *Run) active(ctx context.Context, tx *sql.Tx) error {
	var writer string
	var seen int64
	if err := tx.QueryRowContext(ctx, "SELECT writer, seen FROM run WHERE id = ?", r.id).Scan(&writer, &seen); err != nil {
		return err
	}
	since := r.store.now().Sub(time.UnixMicro(seen)).Round(time.Second)
	return refuse(ErrRunActive, "run %s is being written by another writer (%s, seen %v ago): wait for it or end it", r.title(), writer, since)
}

func writerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}
