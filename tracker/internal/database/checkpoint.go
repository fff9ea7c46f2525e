package database

import (
	"context"
	"database/sql"
	"sync"

	"modernc.org/sqlite"
)

// How many pages wait in the write-ahead log until they are merged into the file: beside the writer and, should that not be
// able to keep up, by the writer itself.
const (
	checkpointAfter    = 1000
	checkpointByWriter = 8000
)

// A checkpointer merges the log into the file while the next epoch is being trained, so that Log need not wait for it. What
// is in the log is durable without it.
type checkpointer struct {
	db     *sql.DB
	merged int // pages that the writer had written when the checkpointer last began; guarded by the writer's connection
	kick   chan struct{}
	cancel context.CancelFunc
	work   sync.WaitGroup
}

func newCheckpointer(path string) (*checkpointer, error) {
	db, err := sql.Open("sqlite", dsn(path, Durability, "fullfsync(1)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithCancel(context.Background())
	c := &checkpointer{db: db, kick: make(chan struct{}, 1), cancel: cancel}
	c.work.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-c.kick:
			}
			c.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)") // an error here is one for the writer, too, when it is at its turn
		}
	})
	return c, nil
}

func (c *checkpointer) close() error {
	c.cancel()
	c.work.Wait()
	return c.db.Close()
}

// committed counts what the writer has put into the log. It must not look into the log's index: to close a file gives up all
// locks that this process has on it.
func (e *sqliteEngine) committed(conn *sql.Conn) {
	e.noteCommit()
	if e.checkpointer == nil {
		return
	}
	conn.Raw(func(conn any) error {
		status, ok := conn.(sqlite.DBStatus)
		if !ok {
			return nil
		}
		pages, _, err := status.Status(sqlite.DBStatusCacheWrite, false)
		if err != nil || pages-e.checkpointer.merged < checkpointAfter {
			return nil
		}
		select {
		case e.checkpointer.kick <- struct{}{}:
			e.checkpointer.merged = pages
		default: // it has not come to it yet
		}
		return nil
	})
}
