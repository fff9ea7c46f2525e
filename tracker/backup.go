package tracker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// backupPages is how many pages are copied between two looks at the context: 4 MiB.
const backupPages = 1024

// Backup copies the store to a new file at path, also while runs are being written, whose writers do not wait for it: the
// copy is the store as it is when Backup begins, and nobody sees it before it is whole and durable. It returns an error that
// is [fs.ErrExist] if something is at path. progress, which may be nil, is called with pages. A store in PostgreSQL has the
// server's own tools for that, which the error names.
func (s *Store) Backup(ctx context.Context, path string, progress func(done, total int)) error {
	if err := s.open(); err != nil {
		return err
	}
	if _, ok := s.engine.(*sqliteEngine); !ok {
		return refuse(ErrInvalid, "the store %s is in PostgreSQL: back it up with pg_dump --format=custom --file=zoetrope.dump '%s', "+
			"and bring it back with pg_restore", s.path, s.path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return refuse(fs.ErrExist, "%s exists: a backup never writes over anything; give another path", path)
	}
	err = newFile(path, "make a backup", func(tmp string) error {
		if err := s.copyTo(ctx, tmp, progress); err != nil {
			return err
		}
		return sameClock(ctx, tmp)
	})
	if errors.Is(err, fs.ErrExist) {
		return refuse(fs.ErrExist, "%s was made by somebody else meanwhile: a backup never writes over anything; give another path", path)
	}
	return err
}

// copyTo copies the database, page by page, from a transaction that sees one state of it throughout.
func (s *Store) copyTo(ctx context.Context, path string, progress func(done, total int)) error {
	conn, err := s.reader.Conn(ctx)
	if err != nil {
		return s.explain(err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.explain(err)
	}
	defer tx.Rollback()
	var seq int64
	if err := tx.QueryRowContext(ctx, "SELECT seq FROM clock").Scan(&seq); err != nil { // the transaction's state is that of now
		return s.explain(err)
	}
	return s.explain(conn.Raw(func(c any) error {
		b, err := c.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		}).NewBackup(dsn(path, durability))
		if err != nil {
			return err
		}
		for more := true; more && err == nil; err = errors.Join(err, ctx.Err()) {
			more, err = b.Step(backupPages)
			if progress != nil && err == nil {
				progress(b.PageCount()-b.Remaining(), b.PageCount())
			}
		}
		return errors.Join(err, b.Finish())
	}))
}

// sameClock opens the copy, and sees that it is a store.
func sameClock(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dsn(path, durability))
	if err != nil {
		return err
	}
	defer db.Close()
	number, err := schemaNumber(ctx, db)
	if err == nil && number < 1 {
		err = fmt.Errorf("the copy is no store")
	}
	return errors.Join(err, db.Close())
}
