package database

import (
	"context"
	"database/sql"
	"time"
)

// A Tx is a transaction, see [DB.Read] and [DB.Write]. It has the methods of [sql.Tx], and takes the same
// SQL whether the store is a SQLite file or in PostgreSQL: placeholders are ?, and only what both know is used.
type Tx struct {
	tx      *sql.Tx
	conn    *sql.Conn // that the transaction is on
	db      *DB
	engine  engine
	release func()               // ends this writer's turn
	seq     int64                // of a writing transaction: the clock's reading for all that it writes
	used    map[string]*sql.Stmt // those of db.stmts that were used, by query
}

// ExecContext runs a statement that returns no rows.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if st := t.prepared(ctx, query); st != nil {
		return st.ExecContext(ctx, args...)
	}
	return t.tx.ExecContext(ctx, t.engine.placeholders(query), args...)
}

// QueryContext runs a query. The rows must be closed before the next statement.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if st := t.prepared(ctx, query); st != nil {
		return st.QueryContext(ctx, args...)
	}
	return t.tx.QueryContext(ctx, t.engine.placeholders(query), args...)
}

// QueryRowContext runs a query of one row; Scan returns [sql.ErrNoRows] if there is none.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if st := t.prepared(ctx, query); st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return t.tx.QueryRowContext(ctx, t.engine.placeholders(query), args...)
}

// Seq returns what the clock says of all that a transaction writes.
func (t *Tx) Seq() int64 { return t.seq }

// Insert adds n rows to a table, the fastest way there is: row appends the values of row i, in the order of columns, to args
// and returns the result. Tables and columns are names that need no quotes.
func (t *Tx) Insert(ctx context.Context, table string, columns []string, n int, row func(args []any, i int) []any) error {
	if n == 0 {
		return nil
	}
	return t.engine.insert(ctx, t, table, columns, n, row)
}

// prepared returns the statement of the write path, if it is one.
func (t *Tx) prepared(ctx context.Context, query string) *sql.Stmt {
	if t.db.stmts == nil || t.used == nil {
		return nil
	}
	st, ok := t.used[query]
	if !ok {
		if st = t.db.stmts[query]; st != nil {
			st = t.tx.StmtContext(ctx, st)
		}
		t.used[query] = st
	}
	return st
}

// begin starts a transaction. One that writes has the clock from its start to its end: writers take turns, and what they
// write becomes visible in the order of their seq.
func (d *DB) begin(ctx context.Context, write bool) (*Tx, error) {
	deadline := time.Now().Add(BusyTimeout)
	for stale := 0; ; {
		t, err := d.tryBegin(ctx, write)
		if err != nil && d.engine.stale(err) && stale < Readers {
			stale++
			continue
		}
		if err == nil || !write || !d.engine.away(err) || time.Now().After(deadline) {
			return t, err
		}
		select { // nothing was written yet: a server that restarts need not end a training
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (d *DB) tryBegin(ctx context.Context, write bool) (*Tx, error) {
	pool := d.reader
	if write {
		pool = d.writer
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	t := &Tx{conn: conn, db: d, engine: d.engine, release: func() {}}
	undo := func() {}
	if write {
		var patience time.Duration
		if t.release, patience, err = d.engine.waitTurn(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		undo, err = within(ctx, conn, patience)
	}
	if err == nil {
		t.tx, err = conn.BeginTx(ctx, d.engine.isolation(write))
		undo()
	}
	if err != nil {
		t.release()
		conn.Close()
		return nil, err
	}
	if write {
		t.used = map[string]*sql.Stmt{}
		if err := t.QueryRowContext(ctx, tickSQL).Scan(&t.seq); err != nil {
			t.rollback()
			return nil, err
		}
	}
	return t, nil
}

func (t *Tx) commit() error {
	err := t.tx.Commit()
	if err == nil && t.used != nil {
		t.engine.committed(t.conn)
	}
	t.release()
	t.conn.Close()
	return err
}

// rollback does nothing after a commit.
func (t *Tx) rollback() {
	t.tx.Rollback()
	t.release()
	t.conn.Close()
}
