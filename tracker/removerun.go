package tracker

import (
	"context"
	"errors"
	"fmt"
)

// RemoveRun removes a run with all that was logged of it, the maps that were made of it alone, its points on other maps, and
// the samples that no other run has. It returns [ErrRunActive] if a live writer has the run, also one of this process. The
// space is used again by what is logged next; [Store.Compact] gives it back to the disk.
func (s *Store) RemoveRun(ctx context.Context, run string) error {
	if err := s.open(); err != nil {
		return err
	}
	if s.db.ReadOnly() {
		return refuse(ErrReadOnly, "store %s was opened read-only", s.Path())
	}
	var row runRow
	err := s.Read(ctx, func(tx *Tx) (err error) {
		row, err = findRun(ctx, tx, run)
		return err
	})
	if err != nil {
		return err
	}
	unlock, err := s.db.Lock(ctx, row.uid)
	if err != nil {
		return s.busyRun(ctx, row, err)
	}
	defer unlock()
	err = s.Write(ctx, func(tx *Tx) error { return removeRun(ctx, tx, row.id) })
	if err != nil {
		return err
	}
	return s.db.ExecUnchecked(ctx, sweepSQL)
}

// busyRun says who has a run that cannot be locked.
func (s *Store) busyRun(ctx context.Context, row runRow, err error) error {
	if !errors.Is(err, ErrRunActive) {
		return fmt.Errorf("run %s: %w", row.title(), err)
	}
	return s.Read(ctx, func(tx *Tx) error {
		return (&Run{store: s, id: row.id, experiment: row.experiment, name: row.name}).active(ctx, tx)
	})
}

func removeRun(ctx context.Context, tx *Tx, run int64) error {
	shared, err := mapsOf(ctx, tx, run)
	if err != nil {
		return err
	}
	const its = "(SELECT projection FROM projection_run WHERE run = ?)"
	for _, q := range []struct {
		query string
		args  []any
	}{
		{"DELETE FROM projection WHERE id IN " + its + " AND id NOT IN (SELECT projection FROM projection_run WHERE run <> ?)", []any{run, run}},
		// A map that the run leaves is another from then on, and what was measured with it holds no longer.
		{"UPDATE projection SET revision = revision + 1, quality = NULL," +
			" points = points - (SELECT count(*) FROM point WHERE point.projection = projection.id AND point.run = ?) WHERE id IN " + its,
			[]any{run, run}},
		{"DELETE FROM run WHERE id = ?", []any{run}}, // and all that refers to it
		{"DELETE FROM roster WHERE id NOT IN (SELECT roster FROM frame)", nil},
	} {
		if _, err := tx.ExecContext(ctx, q.query, q.args...); err != nil {
			return err
		}
	}
	for _, id := range shared {
		if err := KeepMapSum(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}

// mapsOf lists the maps that a run shares with others, by projection.id.
func mapsOf(ctx context.Context, tx *Tx, run int64) (ids []int64, err error) {
	const query = `SELECT projection FROM projection_run WHERE run = ? AND projection IN (SELECT projection FROM projection_run WHERE run <> ?)`
	rows, err := tx.QueryContext(ctx, query, run, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// sweepSQL removes the samples that no run has. Nothing refers to those: no check need look through the outputs of all runs.
var sweepSQL = []string{
	"DELETE FROM sample WHERE sample_set NOT IN (SELECT sample_set FROM run_sample_set)",
	"DELETE FROM sample_set WHERE id NOT IN (SELECT sample_set FROM run_sample_set)",
}

// Compact gives the space of what was removed back to the disk, and returns how many bytes that were. It writes the file
// anew, which takes that much space on the disk while it lasts, and writers wait for it; so it refuses with [ErrRunActive]
// while a run is being written. A PostgreSQL server does this by itself, without waiting.
func (s *Store) Compact(ctx context.Context) (freed int64, err error) {
	if err := s.open(); err != nil {
		return 0, err
	}
	if s.db.ReadOnly() {
		return 0, refuse(ErrReadOnly, "store %s was opened read-only", s.Path())
	}
	var running []runRow
	err = s.Read(ctx, func(tx *Tx) (err error) {
		running, err = listRuns(ctx, tx, "SELECT id, uid, experiment, name FROM run WHERE state = ?", string(Running))
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, row := range running {
		unlock, err := s.db.Lock(ctx, row.uid)
		if err != nil {
			return 0, s.busyRun(ctx, row, err)
		}
		defer unlock()
	}
	return s.db.Compact(ctx)
}
