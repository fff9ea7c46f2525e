package tracker

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"path"
	"strings"
	"time"
)

// The migrations, one file per schema number: 0001_name.sql makes schema 1, 0002_name.sql makes 2 of 1, and so on.
// A file that was ever released does not change.
//
//go:embed migrations/*.sql
var migrations embed.FS

// latest is the schema number that this version reads and writes.
func latest() int { return len(migrationNames()) }

func migrationNames() []string {
	entries, err := migrations.ReadDir("migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	names := make([]string, len(entries)) // sorted
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// schemaNumber returns the number of the last migration that the store has had.
func schemaNumber(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (int, error) {
	var n int
	err := db.QueryRowContext(ctx, "SELECT coalesce(max(number), 0) FROM migration").Scan(&n)
	return n, err
}

// migrate brings the schema to the latest number, all steps in one transaction.
func migrate(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	const table = "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied INTEGER NOT NULL)"
	if _, err := tx.ExecContext(ctx, table); err != nil {
		return err
	}
	done, err := schemaNumber(ctx, tx) // again, under the write lock: another process may have been faster
	if err != nil {
		return err
	}
	for i, name := range migrationNames() {
		number := i + 1
		if !strings.HasPrefix(name, fmt.Sprintf("%04d_", number)) {
			return fmt.Errorf("migration %s is not number %04d", name, number)
		}
		if number <= done {
			continue
		}
		text, err := migrations.ReadFile(path.Join("migrations", name))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
		const record = "INSERT INTO migration (number, name, applied) VALUES (?, ?, ?)"
		if _, err := tx.ExecContext(ctx, record, number, strings.TrimSuffix(name, ".sql"), time.Now().UnixMicro()); err != nil {
			return err
		}
	}
	return tx.Commit()
}
