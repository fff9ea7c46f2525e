package tracker

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
)

// applicationID marks a SQLite file as a store: "Zoet", at offset 68 of the file.
const applicationID = 0x5a6f6574

// readers is the most connections that read at once.
const readers = 8

// newSQLiteEngine finds the file at path, or makes it if asked to.
func newSQLiteEngine(ctx context.Context, path string, o OpenOptions) (*sqliteEngine, error) {
	if scheme, _, ok := strings.Cut(path, "://"); ok {
		return nil, refuse(ErrNotAStore, "%s:// addresses are not supported: give the path of a file, or postgres://user@host:5432/database", scheme)
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
func probe(ctx context.Context, path string, o OpenOptions) error {
	folder := filepath.Dir(path)
	flag := os.O_RDWR
	if o.ReadOnly {
		flag = os.O_RDONLY
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return refuse(ErrNotAStore, "%s is a folder: give the path of a store, such as %s", path, filepath.Join(path, "zoetrope.db"))
	}
	f, err := os.OpenFile(path, flag, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.Create && !o.ReadOnly:
		return create(ctx, path)
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(folder); err != nil {
			return refuse(ErrNoStore, "no store at %s: the folder %s does not exist", path, folder)
		}
		return refuse(ErrNoStore, "no store at %s: a training that logs there makes one, or give the path of another", path)
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
		return refuse(ErrNotAStore, "%s is an empty file, not a store: remove it, or give another path", path)
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("cannot read %s: %w", path, err)
	case !strings.HasPrefix(string(head[:n]), "SQLite format 3\x00"):
		return refuse(ErrNotAStore, "%s is not a store but another kind of file: give the path of a store, or of a file that does not exist yet", path)
	case n < len(head) || binary.BigEndian.Uint32(head[68:]) != applicationID:
		return refuse(ErrNotAStore, "%s is a SQLite database but not a store: give the path of a store, or of a file that does not exist yet", path)
	}
	return nil
}

// create makes an empty store. If another process does the same, the first wins.
func create(ctx context.Context, path string) error {
	err := newFile(path, "make a store", func(tmp string) error {
		db, err := openNew(tmp)
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

// openNew opens an empty file, to become a store.
func openNew(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, "application_id("+fmt.Sprint(applicationID)+")", "journal_mode(WAL)", durability))
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// durability makes a commit wait until it is on the disk. A test turns it off, to see that the loss is noticed.
var durability = "synchronous(FULL)"

var waitBusy = fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())

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
func (e *sqliteEngine) connect(ctx context.Context, s *Store, _ OpenOptions) error {
	// Readers open the file for writing and promise not to: the last connection that closes can then remove the side files.
	reader, err := sql.Open("sqlite", dsn(s.path, waitBusy, "query_only(1)"))
	if err != nil {
		return err
	}
	s.reader = reader
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	number, err := schemaNumber(ctx, s.reader)
	if unwritable(err) && s.readOnly && quiet(s.path) {
		// Nobody has the store open and nothing may be written beside it: read the file as it lies.
		s.reader.Close()
		if s.reader, err = sql.Open("sqlite", dsn(s.path, "query_only(1)")+"&immutable=1"); err != nil {
			return err
		}
		s.reader.SetMaxOpenConns(readers)
		number, err = schemaNumber(ctx, s.reader)
	}
	switch {
	case unwritable(err):
		return fmt.Errorf("cannot open the store %s: the folder %s must be writable: %w", s.path, filepath.Dir(s.path), err)
	case err != nil:
		return s.explain(err)
	}
	if err := s.checkSchema(number); err != nil || s.readOnly {
		return err
	}
	s.writer, err = sql.Open("sqlite", dsn(s.path, waitBusy, "journal_mode(WAL)", durability,
		"fullfsync(1)", "foreign_keys(1)", "journal_size_limit(67108864)", fmt.Sprintf("wal_autocheckpoint(%d)", checkpointByWriter))+"&_txlock=immediate")
	if err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	if err := s.writer.PingContext(ctx); err != nil {
		return s.explain(err)
	}
	if number < latest(e) {
		if err := migrate(ctx, e, s.writer); err != nil {
			return s.explain(err)
		}
	}
	if e.checkpointer, err = newCheckpointer(s.path); err != nil {
		return err
	}
	return s.explain(s.prepare(ctx))
}

// batchRows is how many rows go in by one statement, when they come by the thousand.
const batchRows = 100

func (e *sqliteEngine) insert(ctx context.Context, t *Tx, table string, columns []string, n int, row func(args []any, i int) []any) error {
	var args []any
	exec := t.ExecContext
	batch := insertRows(table, columns, batchRows)
	if n >= 2*batchRows && t.prepared(ctx, batch) == nil {
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
		query, size := batch, batchRows
		if n-i < batchRows {
			query, size = insertRows(table, columns, n-i), n-i
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

func insertRows(table string, columns []string, rows int) string {
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " + row + strings.Repeat(", "+row, rows-1)
}

// explain names the store in an error of the database.
func (e *sqliteEngine) explain(err error) error {
	switch code := codeOf(err); {
	case code == sqlite3.SQLITE_BUSY:
		return refuse(ErrBusy, "store %s is busy: another process has been writing it for more than %v", e.path, busyTimeout)
	case code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB:
		return refuse(ErrCorrupt, "store %s is damaged, or its disk fails (%v): 'zoetrope doctor' tells what can be read of it", e.path, err)
	case code == sqlite3.SQLITE_FULL:
		return refuse(ErrNoSpace, "store %s: the disk is full, nothing of this was stored: free some space in %s and do it again", e.path, filepath.Dir(e.path))
	case code == sqlite3.SQLITE_IOERR:
		return refuse(ErrIO, "store %s cannot be read or written (%v): look whether the disk is full or fails", e.path, err)
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
	return codeOf(err) == sqlite3.SQLITE_CANTOPEN || codeOf(err) == sqlite3.SQLITE_READONLY
}

// codeOf returns SQLite's primary result code, or 0.
func codeOf(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// cause drops the path from a file system's error, where the message names a better one.
func cause(err error) error {
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
