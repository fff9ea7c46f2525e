package tracker

import (
	"context"
	"database/sql"
	"sync"

	"modernc.org/sqlite"
)

// How many pages wait in the write-ahead log until they are merged into the file: beside the writer and, should that not be
// able to keep up, by the writer itself.
const (
	mergeAt     = 1000
	mergeAtLast = 8000
)

// A merger merges the log into the file while the next epoch is being trained, so that Log need not wait for it. What is in
// the log is durable without it.
type merger struct {
	db     *sql.DB
	merged int // pages that the writer had written when the merger last began; guarded by the writer's connection
	kick   chan struct{}
	cancel context.CancelFunc
	work   sync.WaitGroup
}

func newMerger(path string) (*merger, error) {
	db, err := sql.Open("sqlite", dsn(path, durability, "fullfsync(1)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithCancel(context.Background())
	m := &merger{db: db, kick: make(chan struct{}, 1), cancel: cancel}
	m.work.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-m.kick:
			}
			m.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)") // an error here is one for the writer, too, when it is at its turn
		}
	})
	return m, nil
}

func (m *merger) close() error {
	m.cancel()
	m.work.Wait()
	return m.db.Close()
}

// committed counts what the writer has put into the log. It must not look into the log's index: to close a file gives up all
// locks that this process has on it.
func (e *sqliteEngine) committed(conn *sql.Conn) {
	if e.merger == nil {
		return
	}
	conn.Raw(func(c any) error {
		status, ok := c.(sqlite.DBStatus)
		if !ok {
			return nil
		}
		pages, _, err := status.Status(sqlite.DBStatusCacheWrite, false)
		if err != nil || pages-e.merger.merged < mergeAt {
			return nil
		}
		select {
		case e.merger.kick <- struct{}{}:
			e.merger.merged = pages
		default: // it has not come to it yet
		}
		return nil
	})
}
