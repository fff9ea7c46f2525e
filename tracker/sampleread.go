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

	"github.com/zoetrope-ml/zoetrope/internal/seal"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

// Samples returns the samples of a run in the order in which they were added, without their thumbnails, once it has seen that
// their ids, labels and metadata are those that were logged.
func (s *Store) Samples(ctx context.Context, run string) ([]Sample, error) {
	var found sampleList
	var all runSampleSet
	err := s.Read(ctx, func(tx *Tx) (err error) {
		if all, err = findSamples(ctx, tx, run); err != nil || len(all.pieces) > 1 {
			return err
		}
		found, err = readSamples(ctx, tx, all.pieces)
		return err
	})
	if err == nil && len(all.pieces) > 1 {
		if found, err = s.samplesOf(ctx, all.pieces); err == nil && len(found.samples) != total(all.pieces) {
			err = s.Read(ctx, func(tx *Tx) (err error) { // the run was removed meanwhile, or some of its samples are lost
				if all, err = findSamples(ctx, tx, run); err != nil {
					return err
				}
				found, err = readSamples(ctx, tx, all.pieces)
				return err
			})
		}
	}
	if err == nil {
		err = named(all.run, found.check(all.sums))
	}
	if err != nil {
		return nil, err
	}
	return found.samples, nil
}

// A runSampleSet is where the samples of a run are, and their sums.
type runSampleSet struct {
	run    runRow
	pieces []piece
	sums   sampleSums
}

func findSamples(ctx context.Context, tx *Tx, run string) (a runSampleSet, err error) {
	if a.run, err = findRun(ctx, tx, run); err != nil {
		return a, err
	}
	if a.sums, err = readSums(ctx, tx, a.run.id); err != nil {
		return a, err
	}
	a.pieces, err = readPieces(ctx, tx, a.run.id)
	return a, err
}

// A sampleList is samples as they were read.
type sampleList struct {
	samples  []Sample
	metadata []string // of each, as it is stored, "" for none; shorter where the last ones have none
}

// add appends a sample with its metadata as they are stored.
func (l *sampleList) add(s Sample, metadata string) {
	if metadata != "" {
		l.metadata = append(append(l.metadata, make([]string, len(l.samples)-len(l.metadata))...), metadata)
	}
	l.samples = append(l.samples, s)
}

// check compares the samples of a run with its sums.
func (l *sampleList) check(want sampleSums) error {
	if want.ids == seal.None {
		return nil
	}
	n := len(l.samples)
	if err := want.checkIDs(seal.Texts(0, n, func(i int) string { return l.samples[i].ID })); err != nil {
		return err
	}
	if err := want.check("labels", want.labels, seal.Texts(0, n, func(i int) string { return l.samples[i].Label })); err != nil {
		return err
	}
	metadata := func(i int) string {
		if i >= len(l.metadata) {
			return ""
		}
		return l.metadata[i]
	}
	return want.check("metadata", want.metadata, seal.Texts(0, n, metadata))
}

// samplesOf reads many samples, several pieces at once. As they never change, it does not matter that each piece has a
// transaction of its own.
func (s *Store) samplesOf(ctx context.Context, pieces []piece) (all sampleList, err error) {
	parts, errs := make([]sampleList, len(pieces)), make([]error, len(pieces))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(len(pieces), runtime.GOMAXPROCS(0), database.Readers/2) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(pieces)); i = next.Add(1) - 1 {
				parts[i].samples = make([]Sample, 0, min(pieces[i].rows, pieceRows))
				errs[i] = s.Read(ctx, func(tx *Tx) error { return pieces[i].read(ctx, tx, &parts[i]) })
			}
		})
	}
	workers.Wait()
	read := 0
	for _, part := range parts {
		read += len(part.samples)
	}
	all.samples = slices.Grow(all.samples, read)
	for _, part := range parts {
		for i, m := range part.metadata {
			if m != "" { // at its place, after the samples that have none
				all.metadata = append(append(all.metadata, make([]string, len(all.samples)+i-len(all.metadata))...), m)
			}
		}
		all.samples = append(all.samples, part.samples...)
	}
	return all, errors.Join(errs...)
}

func readSamples(ctx context.Context, tx *Tx, pieces []piece) (all sampleList, err error) {
	all.samples = slices.Grow(all.samples, min(total(pieces), 1<<20))
	for _, p := range pieces {
		if err := p.read(ctx, tx, &all); err != nil {
			return all, err
		}
	}
	return all, nil
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
		if n < 0 || n > 1<<32 {
			return nil, refuse(ErrCorrupt, "a set of samples has %d rows", n)
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
func (p piece) read(ctx context.Context, tx *Tx, list *sampleList) error {
	const query = `SELECT count(*), count(metadata), coalesce(string_agg(uid, ?), ''), coalesce(string_agg(coalesce(label, ''), ?), '')
		FROM (SELECT uid, label, metadata FROM sample WHERE sample_set = ? AND position >= ? AND position < ? ORDER BY position) AS piece`
	var n, described int
	var uids, labels string
	err := tx.QueryRowContext(ctx, query, separator, separator, p.set, p.first, p.first+p.rows).Scan(&n, &described, &uids, &labels)
	if err != nil || n == 0 {
		return err
	}
	if described > 0 || strings.Count(uids, separator) != n-1 || strings.Count(labels, separator) != n-1 {
		return p.readRows(ctx, tx, list)
	}
	for range n {
		var s Sample
		s.ID, uids, _ = strings.Cut(uids, separator)
		s.Label, labels, _ = strings.Cut(labels, separator)
		list.add(s, "")
	}
	return nil
}

// readRows is read for samples of any kind.
func (p piece) readRows(ctx context.Context, tx *Tx, list *sampleList) error {
	const query = `SELECT uid, coalesce(label, ''), metadata FROM sample
		WHERE sample_set = ? AND position >= ? AND position < ? ORDER BY position`
	rows, err := tx.QueryContext(ctx, query, p.set, p.first, p.first+p.rows)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var sample Sample
		var metadata sql.NullString
		if err := rows.Scan(&sample.ID, &sample.Label, &metadata); err != nil {
			return err
		}
		if metadata.Valid {
			if sample.Metadata, err = content.DecodeJSONObject(metadata.String); err != nil {
				return refuse(ErrCorrupt, "metadata of sample %q: %v", sample.ID, err)
			}
		}
		list.add(sample, metadata.String)
	}
	return rows.Err()
}
