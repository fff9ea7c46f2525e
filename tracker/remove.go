package tracker

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// RemoveRun removes a run with all that was logged of it, the maps that were made of it alone, its points on other maps, and
// the samples that no other run has. It returns [ErrRunActive] if a live writer has the run, also one of this process. The
// space is used again by what is logged next; [Store.Compact] gives it back to the disk.
func (s *Store) RemoveRun(ctx context.Context, run string) error {
	if err := s.open(); err != nil {
		return err
	}
	if s.readOnly {
		return refuse(ErrReadOnly, "store %s was opened read-only", s.path)
	}
	var row runRow
	err := s.Read(ctx, func(tx *Tx) (err error) {
		row, err = findRun(ctx, tx, run)
		return err
	})
	if err != nil {
		return err
	}
	unlock, err := s.engine.lock(ctx, row.uid)
	if err != nil {
		return s.busyRun(ctx, row, err)
	}
	defer unlock()
	err = s.Write(ctx, func(tx *Tx) error { return removeRun(ctx, tx, row.id) })
	if err != nil {
		return err
	}
	return s.engine.sweep(ctx, s)
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
	return nil
}

// The statements that remove the samples that no run has.
var sweepSQL = []string{
	"DELETE FROM sample WHERE sample_set NOT IN (SELECT sample_set FROM run_sample_set)",
	"DELETE FROM sample_set WHERE id NOT IN (SELECT sample_set FROM run_sample_set)",
}

// sweep leaves out the checks that nothing refers to the samples: nothing can that is no run's, and for each sample the
// database would look through all outputs of all runs.
func (e *sqliteEngine) sweep(ctx context.Context, s *Store) error {
	conn, err := s.writer.Conn(ctx)
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
	for _, query := range sweepSQL {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return e.explain(err)
		}
	}
	return e.explain(tx.Commit())
}

func (e *postgresEngine) sweep(ctx context.Context, s *Store) error {
	return s.write(ctx, func(tx *Tx) error {
		for _, query := range sweepSQL {
			if _, err := tx.ExecContext(ctx, query); err != nil {
				return err
			}
		}
		return nil
	})
}

// Compact gives the space of what was removed back to the disk, and returns how many bytes that were. It writes the file
// anew, which takes that much space on the disk while it lasts, and writers wait for it; so it refuses with [ErrRunActive]
// while a run is being written. A PostgreSQL server does this by itself, without waiting.
func (s *Store) Compact(ctx context.Context) (freed int64, err error) {
	if err := s.open(); err != nil {
		return 0, err
	}
	if s.readOnly {
		return 0, refuse(ErrReadOnly, "store %s was opened read-only", s.path)
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
		unlock, err := s.engine.lock(ctx, row.uid)
		if err != nil {
			return 0, s.busyRun(ctx, row, err)
		}
		defer unlock()
	}
	return s.engine.compact(ctx, s)
}

func (e *sqliteEngine) compact(ctx context.Context, s *Store) (int64, error) {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	const merge = "PRAGMA wal_checkpoint(TRUNCATE)" // or the file's size is not yet that of the store
	if _, err := conn.ExecContext(ctx, merge); err != nil {
		return 0, e.explain(err)
	}
	before, err := os.Stat(s.path)
	if err != nil {
		return 0, err
	}
	for _, query := range []string{"VACUUM", merge} {
		if _, err := conn.ExecContext(ctx, query); err != nil {
			return 0, e.explain(err)
		}
	}
	after, err := os.Stat(s.path)
	if err != nil {
		return 0, err
	}
	return max(0, before.Size()-after.Size()), nil
}

func (e *postgresEngine) compact(context.Context, *Store) (int64, error) { return 0, nil }
