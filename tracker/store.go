package tracker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

// OpenOptions say how [Open] treats the path. The zero value opens an existing store for reading and writing.
type OpenOptions struct {
	Create   bool // make a new store if the path does not exist
	ReadOnly bool // refuse to write; needs no right to write where the store lies
}

// A Store is a collection of runs in one database. It is safe for concurrent use, and other processes may have the same
// store open.
type Store struct {
	db        *database.DB
	now       func() time.Time
	beatEvery time.Duration // between two heartbeats of a run

	mu     sync.Mutex
	closed bool
	live   map[*Run]struct{} // runs that this Store writes
}

// A Tx is a transaction in a store, see [Store.Read] and [Store.Write]. It takes the same SQL whether the store is a SQLite
// file or in PostgreSQL: placeholders are ?, and only what both know is used. Its methods are those of [sql.Tx], and one for
// rows that come by the thousand:
//
//	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
//	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) // to be closed before the next statement
//	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
//	Insert(ctx context.Context, table string, columns []string, n int, row func(args []any, i int) []any) error
type Tx = database.Tx

// WithoutPassword returns what names a store, a path or an address, as it can be shown to anybody.
func WithoutPassword(path string) string { return database.WithoutPassword(path) }

// Open opens the store at path: a SQLite file, or a database in PostgreSQL as postgres://user@host:5432/database. It returns
// [ErrNoStore] if nothing is there and o.Create is not set, [ErrNotAStore] if something else is, and [ErrNewerSchema] if a
// later version of this package has written it.
func Open(ctx context.Context, path string, o OpenOptions) (*Store, error) {
	db, err := database.Open(ctx, path, database.Options{Create: o.Create, ReadOnly: o.ReadOnly, Prepared: writePath()})
	if err != nil {
		return nil, err
	}
	return &Store{db: db, now: time.Now, beatEvery: 5 * time.Second, live: map[*Run]struct{}{}}, nil
}

// Path returns the store's absolute path, without symbolic links, or its address, without the password.
func (s *Store) Path() string { return s.db.Path() }

// Close closes the store, after writing what Async runs have queued. Runs that were not ended stay as they are, in state
// running, and can be resumed.
func (s *Store) Close() error {
	live, errs := s.retire()
	for r := range live {
		r.release()
	}
	return errors.Join(append(errs, s.db.Close())...)
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
		if err := next.drain(context.Background(), refuse(ErrClosed, "store %s is closed", s.Path())); err != nil {
			errs = append(errs, err)
		}
	}
}

// Backup copies the store to a new file at path, also while runs are being written, whose writers do not wait for it: the
// copy is the store as it is when Backup begins, and nobody sees it before it is whole and durable. It returns an error that
// is [fs.ErrExist] if something is at path. progress, which may be nil, is called with pages. A store in PostgreSQL has the
// server's own tools for that, which the error names.
func (s *Store) Backup(ctx context.Context, path string, progress func(done, total int)) error {
	if err := s.open(); err != nil {
		return err
	}
	return s.db.Backup(ctx, path, progress)
}

// Read calls f in a read-only transaction, which sees one state of the store throughout.
// It is for packages that keep rows of their own in the store; use the other methods if they will do.
func (s *Store) Read(ctx context.Context, f func(tx *Tx) error) error {
	if err := s.open(); err != nil {
		return err
	}
	return s.db.Read(ctx, f)
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
	return s.db.Write(ctx, f)
}

func (s *Store) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return refuse(ErrClosed, "store %s is closed", s.Path())
	}
	return nil
}
