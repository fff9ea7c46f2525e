package tracker

import (
	"context"
	"database/sql"
	"strings"
)

// The statements of the write path. They are prepared once, when the first run starts.
const (
	tickSQL  = "UPDATE clock SET seq = seq + 1 RETURNING seq"
	claimSQL = "UPDATE run SET seq = ?, seen = ? WHERE id = ? AND generation = ? AND state = 'running'"

	findEpochSQL   = "SELECT id FROM epoch WHERE run = ? AND number = ?"
	insertEpochSQL = "INSERT INTO epoch (run, number, step, time, seq) VALUES (?, ?, ?, ?, ?) RETURNING id"
	otherDimSQL    = `SELECT f.dim, e.number FROM epoch e JOIN frame f ON f.epoch = e.id
		WHERE e.run = ? AND f.layer = ? AND e.number <> ? LIMIT 1`

	findRosterSQL   = "SELECT id FROM roster WHERE hash = ?"
	insertFrameSQL  = "INSERT INTO frame (epoch, layer, dim, rows, roster) VALUES (?, ?, ?, ?, ?) RETURNING id"
	insertChunkSQL  = "INSERT INTO chunk (frame, first_row, rows, checksum, norms, data) VALUES (?, ?, ?, ?, ?, ?)"
	insertMetricSQL = "INSERT INTO metric (run, origin, name, step, epoch, time, kind, value, seq) VALUES (?, 'epoch', ?, ?, ?, ?, ?, ?, ?)"
	upsertMetricSQL = `INSERT INTO metric (run, origin, name, step, epoch, time, kind, value, seq) VALUES (?, 'step', ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (run, name, step) WHERE origin = 'step' DO UPDATE
		SET epoch = excluded.epoch, time = excluded.time, kind = excluded.kind, value = excluded.value, seq = excluded.seq`
)

// Rows that come by the thousand go in by the hundred.
const batchRows = 100

var (
	insertOutputSQL  = insertRows("output (epoch, sample, prediction, loss, confidence)", 5, 1)
	insertOutputsSQL = insertRows("output (epoch, sample, prediction, loss, confidence)", 5, batchRows)
	insertRosterSQL  = insertRows("roster_row (roster, position, sample)", 3, 1)
	insertRostersSQL = insertRows("roster_row (roster, position, sample)", 3, batchRows)
	insertSampleSQL  = "INSERT INTO sample (sample_set, position, uid, label, metadata, thumbnail) VALUES (?, ?, ?, ?, ?, ?)"
)

func insertRows(into string, columns, rows int) string {
	row := "(?" + strings.Repeat(", ?", columns-1) + ")"
	return "INSERT INTO " + into + " VALUES " + row + strings.Repeat(", "+row, rows-1)
}

// prepare prepares the statements of the write path. It must not be called in a transaction, which holds the only connection.
func (s *Store) prepare(ctx context.Context) error {
	s.mu.Lock()
	done := s.stmts != nil
	s.mu.Unlock()
	if done {
		return nil
	}
	stmts := map[string]*sql.Stmt{}
	for _, query := range []string{
		tickSQL, claimSQL, findEpochSQL, insertEpochSQL, otherDimSQL, findRosterSQL, insertFrameSQL, insertChunkSQL, insertMetricSQL,
		upsertMetricSQL, insertOutputSQL, insertOutputsSQL, insertRosterSQL, insertRostersSQL, insertSampleSQL,
	} {
		stmt, err := s.writer.PrepareContext(ctx, query)
		if err != nil {
			return s.explain(err)
		}
		stmts[query] = stmt
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stmts == nil { // or another run was faster
		s.stmts = stmts
	}
	return nil
}

// A txn is one write transaction of a run, with the prepared statements at hand.
type txn struct {
	*sql.Tx
	ctx  context.Context
	s    *Store
	seq  int64 // the clock's reading for all that this transaction writes
	time int64 // microseconds
	used map[string]*sql.Stmt
}

func (t *txn) stmt(query string) *sql.Stmt {
	if st, ok := t.used[query]; ok {
		return st
	}
	st := t.s.stmts[query] // complete before the first run exists, and never changed
	if st == nil {
		panic("tracker: statement is not prepared: " + query)
	}
	st = t.StmtContext(t.ctx, st)
	t.used[query] = st
	return st
}

func (t *txn) exec(query string, args ...any) error {
	_, err := t.stmt(query).ExecContext(t.ctx, args...)
	return err
}

func (t *txn) row(query string, args ...any) *sql.Row {
	return t.stmt(query).QueryRowContext(t.ctx, args...)
}

// rows inserts n rows, by the batch as long as there are batches: appendRow appends the arguments of row i.
func (t *txn) rows(one, batch string, n int, appendRow func(args []any, i int) []any) error {
	var args []any
	for i := 0; i < n; {
		query, size := one, 1
		if n-i >= batchRows {
			query, size = batch, batchRows
		}
		args = args[:0]
		for range size {
			args = appendRow(args, i)
			i++
		}
		if err := t.exec(query, args...); err != nil {
			return err
		}
	}
	return nil
}
