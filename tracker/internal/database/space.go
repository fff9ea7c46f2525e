package database

import (
	"context"
	"os"
)

// ExecUnchecked runs statements in one transaction, without the checks that nothing refers to what they remove, where the
// engine can leave them out: for each row that is removed it would look through all that could refer to it. Nothing may.
func (d *DB) ExecUnchecked(ctx context.Context, queries []string) error {
	return d.engine.execUnchecked(ctx, d, queries)
}

// Compact gives the space of what was removed back to the disk, and returns how many bytes that were.
func (d *DB) Compact(ctx context.Context) (freed int64, err error) { return d.engine.compact(ctx, d) }

func (e *sqliteEngine) execUnchecked(ctx context.Context, d *DB, queries []string) error {
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = 0"); err != nil {
		return e.explain(err)
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA foreign_keys = 1")
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return e.explain(err)
	}
	defer tx.Rollback()
	for _, query := range queries {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return e.explain(err)
		}
	}
	return e.explain(tx.Commit())
}

func (e *postgresEngine) execUnchecked(ctx context.Context, d *DB, queries []string) error {
	return d.Write(ctx, func(tx *Tx) error {
		for _, query := range queries {
			if _, err := tx.ExecContext(ctx, query); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *sqliteEngine) compact(ctx context.Context, d *DB) (int64, error) {
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	const merge = "PRAGMA wal_checkpoint(TRUNCATE)" // or the file's size is not yet that of the store
	if _, err := conn.ExecContext(ctx, merge); err != nil {
		return 0, e.explain(err)
	}
	before, err := os.Stat(d.path)
	if err != nil {
		return 0, err
	}
	for _, query := range []string{"VACUUM", merge} {
		if _, err := conn.ExecContext(ctx, query); err != nil {
			return 0, e.explain(err)
		}
	}
	after, err := os.Stat(d.path)
	if err != nil {
		return 0, err
	}
	return max(0, before.Size()-after.Size()), nil
}

func (e *postgresEngine) compact(context.Context, *DB) (int64, error) { return 0, nil }
