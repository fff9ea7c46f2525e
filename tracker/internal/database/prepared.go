package database

import (
	"context"
	"database/sql"
	"strings"
)

// tickSQL moves the clock on, and holds it until the transaction ends.
const tickSQL = "UPDATE clock SET seq = seq + 1 RETURNING seq"

// BatchRows is how many rows go in by one statement, when they come by the thousand.
const BatchRows = 100

// InsertRows returns the statement that inserts this many rows. [Tx.Insert] uses that of BatchRows rows: it is worth
// preparing.
func InsertRows(table string, columns []string, rows int) string {
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " + row + strings.Repeat(", "+row, rows-1)
}

// prepare prepares the statements of the write path on the connection that writes.
func (d *DB) prepare(ctx context.Context, queries []string) error {
	d.stmts = map[string]*sql.Stmt{}
	for _, query := range append([]string{tickSQL}, queries...) {
		stmt, err := d.writer.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		d.stmts[query] = stmt
	}
	return nil
}
