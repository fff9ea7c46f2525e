package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// backupPages is how many pages are copied between two looks at the context: 4 MiB.
const backupPages = 1024

// Backup does the work of tracker.Store.Backup.
func (d *DB) Backup(ctx context.Context, path string, progress func(done, total int)) error {
	if _, ok := d.engine.(*sqliteEngine); !ok {
		return refusal.New(refusal.ErrInvalid, "the store %s is in PostgreSQL: back it up with pg_dump --format=custom --file=zoetrope.dump '%s', "+
			"and bring it back with pg_restore", d.path, d.path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return refusal.New(fs.ErrExist, "%s exists: a backup never writes over anything; give another path", path)
	}
	err = NewFile(path, "make a backup", func(tmp string) error {
		if err := d.copyTo(ctx, tmp, progress); err != nil {
			return err
		}
		return sameClock(ctx, tmp)
	})
	if errors.Is(err, fs.ErrExist) {
		return refusal.New(fs.ErrExist, "%s was made by somebody else meanwhile: a backup never writes over anything; give another path", path)
	}
	return err
}

// copyTo copies the database, page by page, from a transaction that sees one state of it throughout.
func (d *DB) copyTo(ctx context.Context, path string, progress func(done, total int)) error {
	conn, err := d.reader.Conn(ctx)
	if err != nil {
		return d.explain(err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return d.explain(err)
	}
	defer tx.Rollback()
	var seq int64
	if err := tx.QueryRowContext(ctx, "SELECT seq FROM clock").Scan(&seq); err != nil { // the transaction's state is that of now
		return d.explain(err)
	}
	return d.explain(conn.Raw(func(c any) error {
		b, err := c.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		}).NewBackup(dsn(path, Durability))
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
	db, err := sql.Open("sqlite", dsn(path, Durability))
	if err != nil {
		return err
	}
	defer db.Close()
	number, err := (&sqliteEngine{path: path}).schemaNumber(ctx, db)
	if err == nil && number < 1 {
		err = fmt.Errorf("the copy is no store")
	}
	return errors.Join(err, db.Close())
}
