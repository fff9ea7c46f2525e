package tracker

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

// OpenOptions say how [Open] treats the path. The zero value opens an existing store for reading and writing.
type OpenOptions struct {
	Create   bool // make a new store if the path does not exist
	ReadOnly bool // refuse to write; needs no right to write where the store lies
}

// A Store is a collection of runs in one database. It is safe for concurrent use, and other processes may have the same
// store open.
type Store struct {
	path      string
	readOnly  bool
	old       bool // an older schema will do
	engine    engine
	reader    *sql.DB              // read-only connections
	writer    *sql.DB              // the one connection that writes; nil when readOnly
	stmts     map[string]*sql.Stmt // of the writer, see statements
	now       func() time.Time
	beatEvery time.Duration // between two heartbeats of a run

	mu     sync.Mutex
	closed bool
	live   map[*Run]struct{} // runs that this Store writes
}

// busyTimeout is how long a transaction waits for those of other processes.
const busyTimeout = 10 * time.Second

// Open opens the store at path: a SQLite file, or a database in PostgreSQL as postgres://user@host:5432/database. It returns [ErrNoStore] if nothing is there and o.Create is not set, [ErrNotAStore] if
// something else is, and [ErrNewerSchema] if a later version of this package has written it.
func Open(ctx context.Context, path string, o OpenOptions) (*Store, error) {
	return openStore(ctx, path, o, false)
}

// openStore also opens a store of an older schema for reading, if old is set.
func openStore(ctx context.Context, path string, o OpenOptions, old bool) (*Store, error) {
	s := &Store{path: path, readOnly: o.ReadOnly, old: old, now: time.Now, beatEvery: 5 * time.Second, live: map[*Run]struct{}{}}
	if isPostgres(path) {
		e, err := newPostgresEngine(path)
		if err != nil {
			return nil, err
		}
		s.engine, s.path = e, e.path
	} else {
		e, err := newSQLiteEngine(ctx, path, o)
		if err != nil {
			return nil, err
		}
		s.engine, s.path = e, e.path
	}
	if err := s.engine.connect(ctx, s, o); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Path returns the store's absolute path, without symbolic links, or its address, without the password.
func (s *Store) Path() string { return s.path }

// Close closes the store, after writing what Async runs have queued. Runs that were not ended stay as they are, in state running, and can be resumed.
func (s *Store) Close() error {
	live, errs := s.retire()
	for r := range live {
		r.release()
	}
	errs = append(errs, s.engine.close())
	for _, db := range []*sql.DB{s.reader, s.writer} { // the writer last, so that the log file is merged into the store
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

// retire waits for what the runs have queued, then closes the store to all others, and returns the runs.
func (s *Store) retire() (live map[*Run]struct{}, errs []error) {
	drained := map[*Run]bool{}
	for {
		var next *Run
		s.mu.Lock()
		for r := range s.live {
			if r.queue != nil && !drained[r] {
				next = r
			}
		}
		if next == nil {
			s.closed = true
			live, s.live = s.live, nil
			s.mu.Unlock()
			return live, errs
		}
		s.mu.Unlock()
		drained[next] = true
		if err := next.drain(context.Background(), refuse(ErrClosed, "store %s is closed", s.path)); err != nil {
			errs = append(errs, err)
		}
	}
}

// Read calls f in a read-only transaction, which sees one state of the store throughout.
// It is for packages that keep rows of their own in the store; use the other methods if they will do.
func (s *Store) Read(ctx context.Context, f func(tx *Tx) error) error {
	if err := s.open(); err != nil {
		return err
	}
	tx, err := s.begin(ctx, false)
	if err != nil {
		return s.explain(err)
	}
	defer tx.rollback()
	return s.explain(f(tx))
}

// Write calls f in a transaction and commits if f returns nil. There is one writer at a time: f must be short and must not
// call methods of the Store or of a Run. It is for packages that keep rows of their own in the store; [Store.Changes]
// reports that such rows changed.
func (s *Store) Write(ctx context.Context, f func(tx *Tx) error) error {
	return s.write(ctx, func(tx *Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE clock SET shared = seq"); err != nil {
			return err
		}
		return f(tx)
	})
}

func (s *Store) write(ctx context.Context, f func(tx *Tx) error) error {
	if err := s.open(); err != nil {
		return err
	}
	if s.readOnly {
		return refuse(ErrReadOnly, "store %s was opened read-only", s.path)
	}
	tx, err := s.begin(ctx, true)
	if err != nil {
		return s.explain(err)
	}
	defer tx.rollback()
	if err := f(tx); err != nil {
		return s.explain(err)
	}
	if err := tx.commit(); err != nil && s.engine.away(err) {
		return refuse(ErrUnreachable, "store %s: the connection was lost at the end of a write, which may be stored or not: write it again", s.path)
	} else if err != nil {
		return s.explain(err)
	}
	return nil
}

func (s *Store) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return refuse(ErrClosed, "store %s is closed", s.path)
	}
	return nil
}

// explain names the store in an error of the database.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	return s.engine.explain(err)
}
