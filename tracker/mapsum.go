package tracker

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
)

// MapEpochs returns the epochs that a map has, as its rows say, and the sum of them that was stored with it, seal.None if an
// earlier version has made the map. It is for package projector, as is KeepMapSum; projection is projection.id.
func MapEpochs(ctx context.Context, tx *Tx, projection int64) (list []seal.Epoch, sum int64, err error) {
	const query = "SELECT r.uid, f.epoch, f.rows, f.seal FROM projection_frame f JOIN run r ON r.id = f.run WHERE f.projection = ?"
	rows, err := tx.QueryContext(ctx, query, projection)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var e seal.Epoch
		if err := rows.Scan(&e.Run, &e.Number, &e.Rows, &e.Seal); err != nil {
			return nil, 0, err
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, err
	}
	rows.Close()
	err = tx.QueryRowContext(ctx, "SELECT epochs_sum FROM projection WHERE id = ?", projection).Scan(&sum)
	return list, sum, err
}

// KeepMapSum stores the sum of the epochs that a map has now.
func KeepMapSum(ctx context.Context, tx *Tx, projection int64) error {
	list, _, err := MapEpochs(ctx, tx, projection)
	if err == nil {
		_, err = tx.ExecContext(ctx, "UPDATE projection SET epochs_sum = ? WHERE id = ?", seal.Epochs(list), projection)
	}
	return err
}
