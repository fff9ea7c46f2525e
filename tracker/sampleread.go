package tracker

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

// Samples returns the samples of a run in the order in which they were added, without their thumbnails.
func (s *Store) Samples(ctx context.Context, run string) ([]Sample, error) {
	var list []Sample
	var pieces []piece
	err := s.Read(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		if pieces, err = readPieces(ctx, tx, r.id); err != nil || len(pieces) > 1 {
			return err
		}
		list, err = readSamples(ctx, tx, pieces)
		return err
	})
	if err != nil || len(pieces) <= 1 {
		return list, err
	}
	if list, err = s.samplesOf(ctx, pieces); err == nil && len(list) == total(pieces) {
		return list, nil
	}
	err = s.Read(ctx, func(tx *Tx) error { // the run was removed meanwhile, or some of its samples are lost
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		if pieces, err = readPieces(ctx, tx, r.id); err != nil {
			return err
		}
		list, err = readSamples(ctx, tx, pieces)
		return err
	})
	return list, err
}

// samplesOf reads many samples, several pieces at once. As they never change, it does not matter that each piece has a
// transaction of its own.
func (s *Store) samplesOf(ctx context.Context, pieces []piece) ([]Sample, error) {
	parts, errs := make([][]Sample, len(pieces)), make([]error, len(pieces))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(len(pieces), runtime.GOMAXPROCS(0), database.Readers/2) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(pieces)); i = next.Add(1) - 1 {
				errs[i] = s.Read(ctx, func(tx *Tx) (err error) {
					parts[i], err = pieces[i].read(ctx, tx, make([]Sample, 0, pieces[i].rows))
					return err
				})
			}
		})
	}
	workers.Wait()
	return slices.Concat(parts...), errors.Join(errs...)
}

func readSamples(ctx context.Context, tx *Tx, pieces []piece) (list []Sample, err error) {
	list = slices.Grow(list, total(pieces))
	for _, p := range pieces {
		if list, err = p.read(ctx, tx, list); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// A piece is a part of a set of samples that is read at once.
type piece struct {
	set, first int64 // position of its first sample in the set
	rows       int64
}

var pieceRows int64 = 1 << 17

func total(pieces []piece) (n int) {
	for _, p := range pieces {
		n += int(p.rows)
	}
	return n
}

// readPieces returns of what pieces the samples of a run are made.
func readPieces(ctx context.Context, tx *Tx, run int64) ([]piece, error) {
	const query = `SELECT ss.id, ss.rows FROM run_sample_set rs JOIN sample_set ss ON ss.id = rs.sample_set
		WHERE rs.run = ? ORDER BY rs.first_position`
	rows, err := tx.QueryContext(ctx, query, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var pieces []piece
	for rows.Next() {
		var set, n int64
		if err := rows.Scan(&set, &n); err != nil {
			return nil, err
		}
		for first := int64(0); first < n; first += pieceRows {
			pieces = append(pieces, piece{set, first, min(n-first, pieceRows)})
		}
	}
	return pieces, rows.Err()
}

const separator = "\x1f" // between ids, and between labels, that the database strings together

// read appends the samples of a piece. Their ids and labels come as two long texts, in a third of the time that rows take;
// what has metadata comes row by row.
func (p piece) read(ctx context.Context, tx *Tx, list []Sample) ([]Sample, error) {
	const query = `SELECT count(*), count(metadata), coalesce(string_agg(uid, ?), ''), coalesce(string_agg(coalesce(label, ''), ?), '')
		FROM (SELECT uid, label, metadata FROM sample WHERE sample_set = ? AND position >= ? AND position < ? ORDER BY position) AS piece`
	var n, described int
	var uids, labels string
	err := tx.QueryRowContext(ctx, query, separator, separator, p.set, p.first, p.first+p.rows).Scan(&n, &described, &uids, &labels)
	if err != nil || n == 0 {
		return list, err
	}
	if described > 0 || strings.Count(uids, separator) != n-1 || strings.Count(labels, separator) != n-1 {
		return p.readRows(ctx, tx, list)
	}
	for range n {
		var s Sample
		s.ID, uids, _ = strings.Cut(uids, separator)
		s.Label, labels, _ = strings.Cut(labels, separator)
		list = append(list, s)
	}
	return list, nil
}

// readRows is read for samples of any kind.
func (p piece) readRows(ctx context.Context, tx *Tx, list []Sample) ([]Sample, error) {
	const query = `SELECT uid, coalesce(label, ''), metadata FROM sample
		WHERE sample_set = ? AND position >= ? AND position < ? ORDER BY position`
	rows, err := tx.QueryContext(ctx, query, p.set, p.first, p.first+p.rows)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var sample Sample
		var metadata sql.NullString
		if err := rows.Scan(&sample.ID, &sample.Label, &metadata); err != nil {
			return nil, err
		}
		if metadata.Valid {
			if sample.Metadata, err = content.DecodeJSONObject(metadata.String); err != nil {
				return nil, refuse(ErrCorrupt, "metadata of sample %q: %v", sample.ID, err)
			}
		}
		list = append(list, sample)
	}
	return list, rows.Err()
}
