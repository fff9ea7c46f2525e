package database

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// applicationID marks a SQLite file as a store: "Zoet", at offset 68 of the file.
const applicationID = 0x5a6f6574

// Readers is the most connections that read at once.
const Readers = 8

// newSQLiteEngine finds the file at path, or makes it if asked to.
func newSQLiteEngine(ctx context.Context, path string, o Options) (*sqliteEngine, error) {
	if scheme, _, ok := strings.Cut(path, "://"); ok {
		return nil, refusal.New(refusal.ErrNotAStore, "%s:// addresses are not supported: give the path of a file, or postgres://user@host:5432/database", scheme)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := probe(ctx, path, o); err != nil {
		return nil, err
	}
	path, err = filepath.EvalSymlinks(path) // the lock folder lies beside the file itself
	return &sqliteEngine{path: path}, err
}

// probe looks at path before the database does, which would make a file or a side file, and makes a new store if asked to.
func probe(ctx context.Context, path string, o Options) error {
	folder := filepath.Dir(path)
	flag := os.O_RDWR
	if o.ReadOnly {
		flag = os.O_RDONLY
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return refusal.New(refusal.ErrNotAStore, "%s is a folder: give the path of a store, such as %s", path, filepath.Join(path, "zoetrope.db"))
	}
	f, err := os.OpenFile(path, flag, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.Create && !o.ReadOnly:
		return create(ctx, path)
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(folder); err != nil {
			return refusal.New(refusal.ErrNoStore, "no store at %s: the folder %s does not exist", path, folder)
		}
		return refusal.New(refusal.ErrNoStore, "no store at %s: a training that logs there makes one, or give the path of another", path)
	case errors.Is(err, fs.ErrPermission) && !o.ReadOnly:
		return fmt.Errorf("no right to write %s: %w", path, err)
	case err != nil:
		return fmt.Errorf("cannot open the store: %w", err)
	}
	defer f.Close()
	var head [100]byte
	n, err := io.ReadFull(f, head[:])
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return refusal.New(refusal.ErrNotAStore, "%s is an empty file, not a store: remove it, or give another path", path)
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("cannot read %s: %w", path, err)
	case !strings.HasPrefix(string(head[:n]), "SQLite format 3\x00"):
		return refusal.New(refusal.ErrNotAStore, "%s is not a store but another kind of file: give the path of a store, or of a file that does not exist yet", path)
	case n < len(head) || binary.BigEndian.Uint32(head[68:]) != applicationID:
		return refusal.New(refusal.ErrNotAStore, "%s is a SQLite database but not a store: give the path of a store, or of a file that does not exist yet", path)
	}
	return nil
}

// create makes an empty store. If another process does the same, the first wins.
func create(ctx context.Context, path string) error {
	err := NewFile(path, "make a store", func(tmp string) error {
		db, err := OpenNew(tmp)
		if err != nil {
			return err
		}
		return errors.Join(migrate(ctx, &sqliteEngine{path: path}, db), db.Close())
	})
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// OpenNew opens an empty file, to become a store.
func OpenNew(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, "application_id("+fmt.Sprint(applicationID)+")", "journal_mode(WAL)", Durability))
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// Durability makes a commit wait until it is on the disk. A test turns it off, to see that the loss is noticed.
var Durability = "synchronous(FULL)"

var waitBusy = fmt.Sprintf("busy_timeout(%d)", BusyTimeout.Milliseconds())

// A sqliteEngine keeps a store in a SQLite file.
type sqliteEngine struct {
	path         string
	checkpointer *checkpointer // nil when read-only
}

func (e *sqliteEngine) isolation(write bool) *sql.TxOptions { return &sql.TxOptions{ReadOnly: !write} }

func (e *sqliteEngine) placeholders(query string) string { return query }

func (e *sqliteEngine) away(error) bool { return false }

func (e *sqliteEngine) stale(error) bool { return false }

func (e *sqliteEngine) close() error {
	if e.checkpointer != nil {
		return e.checkpointer.close()
	}
	return nil
}

func (e *sqliteEngine) schema() schema {
	return schema{
		folder: "migrations",
		record: "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied INTEGER NOT NULL)",
	}
}

// connect opens the reading pool and the writing connection, and brings the schema up to date.
func (e *sqliteEngine) connect(ctx context.Context, d *DB, o Options) error {
	// Readers open the file for writing and promise not to: the last connection that closes can then remove the side files.
	reader, err := sql.Open("sqlite", dsn(d.path, waitBusy, "query_only(1)"))
	if err != nil {
		return err
	}
	d.reader = reader
	d.reader.SetMaxOpenConns(Readers)
	d.reader.SetMaxIdleConns(Readers)
	number, err := e.schemaNumber(ctx, d.reader)
	if unwritable(err) && d.readOnly && quiet(d.path) {
		// Nobody has the store open and nothing may be written beside it: read the file as it lies.
		d.reader.Close()
		if d.reader, err = sql.Open("sqlite", dsn(d.path, "query_only(1)")+"&immutable=1"); err != nil {
			return err
		}
		d.reader.SetMaxOpenConns(Readers)
		number, err = e.schemaNumber(ctx, d.reader)
	}
	switch {
	case unwritable(err) && !full(err):
		return fmt.Errorf("cannot open the store %s: the folder %s must be writable: %w", d.path, filepath.Dir(d.path), err)
	case err != nil:
		return d.explain(err)
	}
	if err := d.checkSchema(number); err != nil || d.readOnly {
		return err
	}
	d.writer, err = sql.Open("sqlite", dsn(d.path, waitBusy, "journal_mode(WAL)", Durability,
		"fullfsync(1)", "foreign_keys(1)", "journal_size_limit(67108864)", fmt.Sprintf("wal_autocheckpoint(%d)", checkpointByWriter))+"&_txlock=immediate")
	if err != nil {
		return err
	}
	d.writer.SetMaxOpenConns(1)
	if err := d.writer.PingContext(ctx); err != nil {
		return d.explain(err)
	}
	if number < latest(e) {
		if err := migrate(ctx, e, d.writer); err != nil {
			return d.explain(err)
		}
	}
	if e.checkpointer, err = newCheckpointer(d.path); err != nil {
		return err
	}
	return d.explain(d.prepare(ctx, o.Prepared))
}

func (e *sqliteEngine) insert(ctx context.Context, t *Tx, table string, columns []string, n int, row func(args []any, i int) []any) error {
	var args []any
	exec := t.ExecContext
	batch := InsertRows(table, columns, BatchRows)
	if n >= 2*BatchRows && t.prepared(ctx, batch) == nil {
		st, err := t.tx.PrepareContext(ctx, batch)
		if err != nil {
			return err
		}
		defer st.Close()
		exec = func(ctx context.Context, query string, args ...any) (sql.Result, error) {
			if query == batch {
				return st.ExecContext(ctx, args...)
			}
			return t.ExecContext(ctx, query, args...)
		}
	}
	for i := 0; i < n; {
		query, size := batch, BatchRows
		if n-i < BatchRows {
			query, size = InsertRows(table, columns, n-i), n-i
		}
		args = args[:0]
		for range size {
			args = row(args, i)
			i++
		}
		if _, err := exec(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}

// explain names the store in an error of the database.
func (e *sqliteEngine) explain(err error) error {
	switch code := SQLiteCode(err); {
	case code == sqlite3.SQLITE_BUSY:
		return e.busy()
	case code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB:
		return refusal.New(refusal.ErrCorrupt, "store %s is damaged, or its disk fails (%v): 'zoetrope doctor' tells what can be read of it", e.path, err)
	case full(err):
		return refusal.New(refusal.ErrNoSpace, "store %s: the disk is full, nothing of this was stored: free some space in %s and do it again", e.path, filepath.Dir(e.path))
	case extendedCode(err) == sqlite3.SQLITE_IOERR_FSYNC:
		// The commit is in the log, and is found there when the store is next opened, unless another write takes its place.
		return refusal.New(refusal.ErrIO, "store %s: the disk failed at the end of a write (%v), which may be stored or not: look to the disk, and write it again", e.path, err)
	case code == sqlite3.SQLITE_IOERR:
		return refusal.New(refusal.ErrIO, "store %s cannot be read or written (%v): look whether the disk is full or fails", e.path, err)
	case code != 0:
		return fmt.Errorf("store %s: %w", e.path, err)
	}
	return err
}

// dsn names the file as SQLite's URI, with the pragmas that each connection starts with.
func dsn(path string, pragmas ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // C:/…
		path = "/" + path
	}
	return "file://" + (&url.URL{Path: path}).EscapedPath() + "?" + url.Values{"mode": {"rw"}, "_pragma": pragmas}.Encode()
}

// quiet reports whether the store has no write-ahead log, so that the file alone is all of it.
func quiet(path string) bool {
	info, err := os.Stat(path + "-wal")
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
}

// unwritable reports whether SQLite could not make the side files that it needs even to read.
func unwritable(err error) bool {
	return SQLiteCode(err) == sqlite3.SQLITE_CANTOPEN || SQLiteCode(err) == sqlite3.SQLITE_READONLY || full(err)
}

// full reports whether the disk has no room left, for a file or for the memory that SQLite shares in one.
func full(err error) bool {
	return SQLiteCode(err) == sqlite3.SQLITE_FULL || extendedCode(err) == sqlite3.SQLITE_IOERR_SHMSIZE
}

// SQLiteCode returns SQLite's primary result code, or 0.
func SQLiteCode(err error) int { return extendedCode(err) & 0xff }

// extendedCode returns SQLite's result code with its reason, or 0.
func extendedCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// Cause drops the path from a file system's error, where the message names a better one.
func Cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
