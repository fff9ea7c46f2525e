package database

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// queueTimeout is how long a writer waits in the queue while others write; after it, it tries without its turn.
const queueTimeout = 6 * BusyTimeout

// waitTurn waits until it is this writer's turn to write. SQLite lets those who wait for another's transaction look again from
// time to time, so that of many writers without a pause some come too late again and again. In the queue for a lock of the
// kernel's, whoever has waited longest is next, and a process that is killed leaves it. Where there is no such lock, all are
// left to SQLite.
//
// A writer that stands still in its turn, as a stopped process does, holds the others up for BusyTimeout and no longer: each
// commit is noted on the lock's file, and where there is none for so long, the error is ErrBusy. patience is how much of
// BusyTimeout is left for SQLite's own lock.
func (e *sqliteEngine) waitTurn(ctx context.Context) (release func(), patience time.Duration, err error) {
	nobody := func() {}
	if makeLockFolder(e.path) != nil {
		return nobody, BusyTimeout, nil
	}
	lock := flock.New(e.queueFile(), flock.SetPermissions(filePermission(e.path)))
	mine := func() { lock.Close() }
	if ok, err := lock.TryLock(); err != nil {
		return nobody, BusyTimeout, nil
	} else if ok {
		return mine, BusyTimeout, nil
	}
	locked := make(chan error, 1)
	go func() { locked <- lock.Lock() }()
	giveUp := func() { // it comes to its turn when nobody waits for it any more
		go func() {
			<-locked
			lock.Close()
		}()
	}
	begun := time.Now()
	moved, last := begun, e.lastCommit() // when the last commit was seen, by this process's clock
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-locked: // an error is no reason not to try
			return mine, max(BusyTimeout-time.Since(moved), time.Second), nil
		case <-ctx.Done():
			giveUp()
			return nil, 0, ctx.Err()
		case now := <-look.C:
			if at := e.lastCommit(); !at.Equal(last) {
				moved, last = now, at
			}
			switch {
			case now.Sub(moved) >= BusyTimeout:
				giveUp()
				return nil, 0, e.busy()
			case now.Sub(begun) >= queueTimeout:
				giveUp()
				return nobody, BusyTimeout, nil
			}
		}
	}
}

// QueueFile is the file, in the folder of locks, of the lock that writers wait for.
const QueueFile = "turn.lock"

func (e *sqliteEngine) queueFile() string { return filepath.Join(LockFolder(e.path), QueueFile) }

// lastCommit is when a writer last said that it has committed, by the clock of the file system.
func (e *sqliteEngine) lastCommit() time.Time {
	info, err := os.Stat(e.queueFile())
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// noteCommit tells those in the queue that it moves. Where that cannot be told, they wait for BusyTimeout at most.
func (e *sqliteEngine) noteCommit() {
	now := time.Now()
	os.Chtimes(e.queueFile(), now, now)
}

func (e *sqliteEngine) busy() error {
	return refusal.New(refusal.ErrBusy, "store %s is busy: another process has been writing it for more than %v", e.path, BusyTimeout)
}

// within has SQLite wait on a connection for as long as is left, and returns what undoes that.
func within(ctx context.Context, conn *sql.Conn, patience time.Duration) (undo func(), err error) {
	if patience == BusyTimeout {
		return func() {}, nil
	}
	set := func(ctx context.Context, wait time.Duration) error {
		_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", wait.Milliseconds()))
		return err
	}
	return func() { set(context.WithoutCancel(ctx), BusyTimeout) }, set(ctx, patience)
}

func (e *postgresEngine) waitTurn(context.Context) (func(), time.Duration, error) {
	return func() {}, BusyTimeout, nil // the server's locks have a queue
}
