package tracker

import (
	"context"
	"database/sql"
)

// A txn is one write transaction of a run.
type txn struct {
	*Tx
	ctx  context.Context
	seq  int64 // of the store's clock
	time int64 // microseconds
}

func (t *txn) exec(query string, args ...any) error {
	_, err := t.ExecContext(t.ctx, query, args...)
	return err
}

func (t *txn) row(query string, args ...any) *sql.Row {
	return t.QueryRowContext(t.ctx, query, args...)
}
