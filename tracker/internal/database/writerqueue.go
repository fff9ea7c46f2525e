package database

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// queueTimeout is how long a writer waits in the queue; after it, it tries without its turn.
const queueTimeout = 6 * BusyTimeout

// waitTurn waits until it is this writer's turn to write. SQLite lets those who wait for another's transaction look again from
// time to time, so that of many writers without a pause some come too late again and again. In the queue for a lock of the
// kernel's, whoever has waited longest is next, and a process that is killed leaves it. Where there is no such lock, all are
// left to SQLite.
func (e *sqliteEngine) waitTurn(ctx context.Context) (release func(), err error) {
	folder := LockFolder(e.path)
	if os.MkdirAll(folder, 0o755) != nil {
		return func() {}, nil
	}
	lock := flock.New(filepath.Join(folder, QueueFile), flock.SetPermissions(0o644))
	if ok, err := lock.TryLock(); err != nil {
		return func() {}, nil
	} else if ok {
		return func() { lock.Close() }, nil
	}
	locked := make(chan error, 1)
	go func() { locked <- lock.Lock() }()
	giveUp := func() { // it comes to its turn when nobody waits for it any more
		go func() {
			<-locked
			lock.Close()
		}()
	}
	late := time.NewTimer(queueTimeout)
	defer late.Stop()
	select {
	case <-locked: // an error is no reason not to try
		return func() { lock.Close() }, nil
	case <-late.C:
		giveUp()
		return func() {}, nil
	case <-ctx.Done():
		giveUp()
		return nil, ctx.Err()
	}
}

const QueueFile = "turn.lock"

func (e *postgresEngine) waitTurn(context.Context) (func(), error) { return func() {}, nil } // the server's locks have a queue
