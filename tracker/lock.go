package tracker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// acquire takes the run's lock, which ends with this process, however that ends. The lock keeps an
// honest second writer out at once; the generation in each transaction keeps one out that the lock did not, as on a network
// file system that has no locks.
func (r *Run) acquire(ctx context.Context) error {
	unlock, err := r.store.db.Lock(ctx, r.uid)
	switch {
	case err == nil:
		r.unlock = sync.OnceFunc(unlock)
	case !errors.Is(err, ErrRunActive):
		err = fmt.Errorf("run %s: %w", r.title(), err)
	}
	return err
}

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
