package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// A reader of rows is a pool or a transaction.
type rower interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// IsMigration reports whether a row of the table of migrations is as it was written: its number is that of its name.
func IsMigration(number int64, name string) bool {
	return number > 0 && strings.HasPrefix(name, fmt.Sprintf("%04d_", number))
}

// schemaNumber returns the number of the last migration that the store has had, as the table of migrations says. It returns
// ErrCorrupt if the table is damaged.
func schemaNumber(ctx context.Context, db rower) (number int, err error) {
	rows, err := db.QueryContext(ctx, "SELECT number, name FROM migration ORDER BY number")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	whole := true
	for rows.Next() {
		var n, name any
		if err := rows.Scan(&n, &name); err != nil {
			return 0, err
		}
		text, _ := name.(string)
		if value, ok := n.(int64); ok && IsMigration(value, text) {
			number = max(number, int(value))
		} else {
			whole = false
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if !whole {
		return number, refusal.New(refusal.ErrCorrupt, "the table of migrations is damaged")
	}
	return number, nil
}

// marks are a table and a column of it that each migration has made, by its number from 1.
var marks = [][2]string{{"run", "uid"}, {"frame", "dtype"}, {"projection_block", "data"}, {"projection_frame", "digest"},
	{"projection", "preparation"}, {"frame", "seal"}}

// schemaNumber returns the number of the schema. Where the table of migrations is damaged, or knows of fewer than there were,
// the tables themselves say it: a single row must not make a store unreachable.
func (e *sqliteEngine) schemaNumber(ctx context.Context, db rower) (int, error) {
	number, damaged := schemaNumber(ctx, db)
	corrupt := errors.Is(damaged, refusal.ErrCorrupt) || SQLiteCode(damaged) == sqlite3.SQLITE_CORRUPT
	if damaged == nil && number >= latest(e) || damaged != nil && !corrupt {
		return number, damaged
	}
	made := 0
	for made < len(marks) {
		there, err := hasColumn(ctx, db, marks[made])
		if err != nil {
			return number, err
		}
		if !there {
			break
		}
		made++
	}
	if made == 0 {
		return number, damaged
	}
	return max(made, number), nil
}

func hasColumn(ctx context.Context, db rower, mark [2]string) (there bool, err error) {
	rows, err := db.QueryContext(ctx, "SELECT count(*) > 0 FROM pragma_table_info(?) WHERE name = ?", mark[0], mark[1])
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&there); err != nil {
			return false, err
		}
	}
	return there, rows.Err()
}

// Schema returns the schema number, and an error if the table that says so is damaged.
func (d *DB) Schema(ctx context.Context) (number int, damaged error, err error) {
	err = d.Read(ctx, func(tx *Tx) (err error) {
		if _, damaged = schemaNumber(ctx, tx); damaged != nil && !errors.Is(damaged, refusal.ErrCorrupt) {
			damaged = d.explain(damaged)
		}
		number, err = d.engine.schemaNumber(ctx, tx)
		return err
	})
	return number, damaged, err
}
