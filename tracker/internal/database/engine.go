package database

import (
	"context"
	"database/sql"
	"time"
)

// An engine is what the databases that a store can be kept in do differently: sqliteEngine | postgresEngine.
//
// All other SQL of this package and of those that use [Store.Read] and [Store.Write] is written once, for both:
//
//   - Placeholders are ?, and a ? is nothing else outside quotes: [Tx] turns them into $1, $2 … where they must be.
//   - What exists in both: INSERT … RETURNING id, ON CONFLICT … DO UPDATE with excluded, window functions, coalesce, CAST,
//     || for texts, CASE, IN with a list. JSON is text to the database; Go reads it. No strftime, json_each, hex, PRAGMA,
//     rowid, INSERT OR REPLACE, ?1, and no function that only one of them has.
//   - Flags are integers 0 and 1: store 0 or 1, not a bool, and test "WHERE extended <> 0". A comparison in the select list
//     may be scanned into a bool.
//   - CROSS JOIN has no ON: its condition goes to WHERE. (SQLite keeps the order of tables that are cross-joined.)
//   - sum of integers is wrapped in CAST(… AS BIGINT), and NULLs are kept out of ORDER BY.
//   - Rows that come by the thousand go in by [Tx.Insert].
//
// Only migrations and views are written twice, in migrations and in migrations/postgres.
type engine interface {
	// connect opens d.reader and, unless d is read-only, d.writer, and brings the schema up to date.
	connect(ctx context.Context, d *DB, o Options) error
	// schema says where the migrations are.
	schema() schema
	// schemaNumber returns the number of the last migration that the store has had.
	schemaNumber(ctx context.Context, db rower) (int, error)
	// isolation returns the options of a transaction that sees one state of the store throughout or, to write, of one that
	// sees what was committed before it got the clock.
	isolation(write bool) *sql.TxOptions
	// placeholders replaces each ? by the engine's own placeholder.
	placeholders(query string) string
	// insert does the work of Tx.Insert.
	insert(ctx context.Context, t *Tx, table string, columns []string, n int, row func(args []any, i int) []any) error
	// lock takes the lock of the run with this uid, and returns ErrRunActive if another writer has it. The lock ends with
	// this process, however that ends.
	lock(ctx context.Context, uid string) (unlock func(), err error)
	// keep looks after the locks from time to time: it takes those again that were lost with a connection.
	keep(ctx context.Context)
	// tidyLocks removes what locks of runs that have ended have left, in a transaction that writes.
	tidyLocks(ctx context.Context, tx *Tx) error
	// away reports whether err says that the database cannot be reached now, so that it may help to try again.
	away(err error) bool
	// stale reports whether err says that a connection was lost since it was last used, so that another may do.
	stale(err error) bool
	// explain names the store in an error of the database, and says what to do.
	explain(err error) error
	// waitTurn waits until it is this writer's turn to write, and says how long it may yet wait for the transactions of others.
	waitTurn(ctx context.Context) (release func(), patience time.Duration, err error)
	// committed is called after each commit of the writer's.
	committed(conn *sql.Conn)
	// execUnchecked does the work of DB.ExecUnchecked.
	execUnchecked(ctx context.Context, d *DB, queries []string) error
	// compact gives the space of what was removed back to the disk, and returns how many bytes that were.
	compact(ctx context.Context, d *DB) (int64, error)
	// close gives back what the engine has beside d.reader and d.writer.
	close() error
}
