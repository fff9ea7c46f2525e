package tracker

import (
	"context"
	"database/sql"
	"errors"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// roster returns the id of the list of these samples, which it stores if it is new.
func (t *txn) roster(samples []int64) (id int64, err error) {
	hash := content.HashRoster(samples)
	err = t.row(findRosterSQL, hash).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	err = t.QueryRowContext(t.ctx, "INSERT INTO roster (hash, rows) VALUES (?, ?) RETURNING id", hash, len(samples)).Scan(&id)
	if err != nil {
		return 0, err
	}
	return id, t.Insert(t.ctx, "roster_row", rosterColumns, len(samples), func(args []any, i int) []any {
		return append(args, id, i, samples[i])
	})
}

// readRoster returns the ids of a roster's samples, n of them.
func readRoster(ctx context.Context, tx *Tx, id int64, n int) ([]string, error) {
	const query = "SELECT s.uid FROM roster_row rr JOIN sample s ON s.id = rr.sample WHERE rr.roster = ? ORDER BY rr.position"
	rows, err := tx.QueryContext(ctx, query, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	uids := make([]string, 0, min(max(n, 0), 1<<20))
	for rows.Next() {
		var uid string
		if err := rows.Scan(&uid); err != nil {
			return nil, err
		}
		uids = append(uids, uid)
	}
	return uids, rows.Err()
}
