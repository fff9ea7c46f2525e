// Package database keeps the tables of a store in a SQLite file or in PostgreSQL: it opens them, brings their schema up to
// date, and has their transactions, the locks of runs, and the order of writers. What the tables say is package tracker's.
package database

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// Options say how [Open] treats the path. The zero value opens an existing store for reading and writing.
type Options struct {
	Create   bool     // make a new store if the path does not exist
	ReadOnly bool     // refuse to write; needs no right to write where the store lies
	Old      bool     // with ReadOnly, an older schema will do
	Prepared []string // statements of the write path, which are prepared where that makes them faster
}

// A DB is an open database. It is safe for concurrent use.
type DB struct {
	path     string
	readOnly bool
	old      bool
	engine   engine
	reader   *sql.DB              // read-only connections
	writer   *sql.DB              // the one connection that writes; nil when readOnly
	stmts    map[string]*sql.Stmt // of the writer, see Options.Prepared
}

// BusyTimeout is how long a transaction waits for those of other processes.
const BusyTimeout = 10 * time.Second

// Open opens the database at path: a SQLite file, or a database in PostgreSQL as postgres://user@host:5432/database.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	d := &DB{path: path, readOnly: o.ReadOnly, old: o.Old}
	if IsPostgres(path) {
		e, err := newPostgresEngine(path)
		if err != nil {
			return nil, err
		}
		d.engine, d.path = e, e.path
	} else {
		e, err := newSQLiteEngine(ctx, path, o)
		if err != nil {
			return nil, err
		}
		d.engine, d.path = e, e.path
	}
	if err := d.engine.connect(ctx, d, o); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Path returns the file's absolute path, without symbolic links, or the address, without the password.
func (d *DB) Path() string { return d.path }

// ReadOnly reports whether the database was opened to be read only.
func (d *DB) ReadOnly() bool { return d.readOnly }

// Pools returns the connections that read and the one that writes, nil if there is none, past transactions and their rules:
// for tests that look at what lies there, or damage it.
func (d *DB) Pools() (reader, writer *sql.DB) { return d.reader, d.writer }

// Close closes the database.
func (d *DB) Close() error {
	errs := []error{d.engine.close()}
	for _, db := range []*sql.DB{d.reader, d.writer} { // the writer last, so that the log file is merged into the store
		if db != nil {
			errs = append(errs, db.Close())
			settle(db)
		}
	}
	return errors.Join(errs...)
}

// settle waits a moment for connections that a closed database is still opening or has lent: until they are gone, the
// files beside the store come and go. One that was asked for, but not begun, stays in the count, so the wait has an end.
func settle(db *sql.DB) {
	for range 100 {
		if db.Stats().OpenConnections == 0 {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Read calls f in a read-only transaction, which sees one state of the database throughout.
func (d *DB) Read(ctx context.Context, f func(tx *Tx) error) error {
	tx, err := d.begin(ctx, false)
	if err != nil {
		return d.explain(err)
	}
	defer tx.rollback()
	return d.explain(f(tx))
}

// Write calls f in a transaction, and commits if f returns nil.
func (d *DB) Write(ctx context.Context, f func(tx *Tx) error) error {
	if d.readOnly {
		return refusal.New(refusal.ErrReadOnly, "store %s was opened read-only", d.path)
	}
	tx, err := d.begin(ctx, true)
	if err != nil {
		return d.explain(err)
	}
	defer tx.rollback()
	if err := f(tx); err != nil {
		return d.explain(err)
	}
	if err := tx.commit(); err != nil && d.engine.away(err) {
		return refusal.New(refusal.ErrUnreachable, "store %s: the connection was lost at the end of a write, which may be stored or not: write it again", d.path)
	} else if err != nil {
		return d.explain(err)
	}
	return nil
}

// ExecOutside runs a statement of its own, outside the order of transactions: it does not touch the clock.
func (d *DB) ExecOutside(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return d.writer.ExecContext(ctx, d.engine.placeholders(query), args...)
}

// explain names the store in an error of the database.
func (d *DB) explain(err error) error {
	if err == nil {
		return nil
	}
	return d.engine.explain(err)
}
