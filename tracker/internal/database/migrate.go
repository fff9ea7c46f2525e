package database

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// The migrations, one file per schema number: 0001_name.sql makes schema 1, 0002_name.sql makes 2 of 1, and so on. Each is
// there twice, for SQLite and for PostgreSQL, and leaves the same tables, columns and views. A file that was ever released
// does not change.
//
//go:embed migrations/*.sql migrations/postgres/*.sql
var migrations embed.FS

// A schema is how an engine comes to its tables.
type schema struct {
	folder string // of migrations
	record string // a statement that makes the table of migrations if there is none
	turn   string // a statement that waits for others who migrate; may be empty
	script []any  // arguments of a call that runs a whole file
}

// latest is the schema number that this version reads and writes.
func latest(e engine) int { return len(migrationNames(e.schema().folder)) }

func migrationNames(folder string) []string {
	entries, err := migrations.ReadDir(folder)
	if err != nil {
		panic(err) // the folder is embedded
	}
	var names []string // sorted
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// checkSchema refuses a store that this version cannot read, or could only after an upgrade that it may not make.
func (d *DB) checkSchema(number int) error {
	switch last := latest(d.engine); {
	case number > last:
		return refusal.New(refusal.ErrNewerSchema, "the store %s has schema %d, and this version reads up to %d: use a newer version", d.path, number, last)
	case d.readOnly && number < last && !d.old:
		return refusal.New(refusal.ErrOlderSchema, "the store %s has schema %d, and this version reads %d: open it once for writing, which upgrades it", d.path, number, last)
	}
	return nil
}

// LatestSchema is the schema number that this version reads and writes; the engines have the same ones.
func LatestSchema() int { return latest(&sqliteEngine{}) }

// MigrateTo brings the schema of the database at path, which db has open, to a number.
func MigrateTo(ctx context.Context, path string, db *sql.DB, number int) error {
	var e engine = &sqliteEngine{}
	if IsPostgres(path) {
		e = &postgresEngine{}
	}
	return migrateUpTo(ctx, e, db, number)
}

// migrate brings the schema to the latest number.
func migrate(ctx context.Context, e engine, db *sql.DB) error {
	return migrateUpTo(ctx, e, db, latest(e))
}

// migrateUpTo brings the schema to a number, all steps in one transaction.
func migrateUpTo(ctx context.Context, e engine, db *sql.DB, last int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	schema := e.schema()
	if schema.turn != "" {
		if _, err := tx.ExecContext(ctx, schema.turn); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, schema.record); err != nil {
		return err
	}
	done, err := e.schemaNumber(ctx, tx) // again, now that nobody else migrates: another process may have been faster
	if err != nil {
		return err
	}
	for i, name := range migrationNames(schema.folder) {
		number := i + 1
		if !strings.HasPrefix(name, fmt.Sprintf("%04d_", number)) {
			return fmt.Errorf("migration %s is not number %04d", name, number)
		}
		if number <= done || number > last {
			continue
		}
		text, err := migrations.ReadFile(path.Join(schema.folder, name))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(text), schema.script...); err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
		const record = "INSERT INTO migration (number, name, applied) VALUES (?, ?, ?)"
		if _, err := tx.ExecContext(ctx, e.placeholders(record), number, strings.TrimSuffix(name, ".sql"), time.Now().UnixMicro()); err != nil {
			return err
		}
	}
	return tx.Commit()
}
