package tracker

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// A sampleIndex knows a run's samples in order. It is never changed, only replaced.
type sampleIndex struct {
	rows []int64 // sample.id
	uids []string
	at   atomic.Pointer[map[string]int] // by uid; made when somebody asks, as a million take long
}

func newSampleIndex() *sampleIndex { return new(sampleIndex) }

// find returns the place of a sample among the run's.
func (x *sampleIndex) find(uid string) (at int, ok bool) {
	known := x.at.Load()
	if known == nil {
		made := make(map[string]int, len(x.uids))
		for i, uid := range x.uids {
			made[uid] = i
		}
		known = &made
		x.at.Store(known)
	}
	at, ok = (*known)[uid]
	return at, ok
}

// readSampleIndex returns the index of a run's samples.
func readSampleIndex(ctx context.Context, tx *Tx, run int64) (*sampleIndex, error) {
	const query = `SELECT s.id, s.uid FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set
		WHERE rs.run = ? ORDER BY rs.first_position, s.position`
	x := newSampleIndex()
	return x, x.read(ctx, tx, query, run)
}

// with returns the index of these samples and, after them, those of a set, which are the batch.
func (x *sampleIndex) with(ctx context.Context, tx *Tx, set int64, batch []content.SampleRow) (*sampleIndex, error) {
	y := &sampleIndex{rows: slices.Clone(x.rows), uids: slices.Clone(x.uids)}
	const query = `SELECT coalesce(min(id), 0), count(*) = ? AND min(id - position) = max(id - position)
		AND min(position) = 0 AND max(position) = count(*) - 1 FROM sample WHERE sample_set = ?`
	var first int64
	var whole sql.NullBool
	if err := tx.QueryRowContext(ctx, query, len(batch), set).Scan(&first, &whole); err != nil {
		return nil, err
	}
	if whole.Bool { // as nearly always: nothing of a set is read that is there
		y.rows, y.uids = slices.Grow(y.rows, len(batch)), slices.Grow(y.uids, len(batch))
		for i := range batch {
			y.rows, y.uids = append(y.rows, first+int64(i)), append(y.uids, batch[i].UID)
		}
	} else if err := y.read(ctx, tx, "SELECT id, uid FROM sample WHERE sample_set = ? ORDER BY position", set); err != nil {
		return nil, err
	}
	if known := x.at.Load(); known != nil {
		at := maps.Clone(*known)
		for i := len(x.uids); i < len(y.uids); i++ {
			at[y.uids[i]] = i
		}
		y.at.Store(&at)
	}
	return y, nil
}

func (x *sampleIndex) read(ctx context.Context, tx *Tx, query string, arg int64) error {
	rows, err := tx.QueryContext(ctx, query, arg)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var uid string
		if err := rows.Scan(&id, &uid); err != nil {
			return err
		}
		x.rows, x.uids = append(x.rows, id), append(x.uids, uid)
	}
	return rows.Err()
}

// pick returns the sample.id of each of uids, or of all samples if uids is nil.
func (x *sampleIndex) pick(uids []string) ([]int64, error) {
	if len(x.rows) == 0 {
		return nil, refuse(ErrInvalid, "the run has no samples: call AddSamples first")
	}
	if uids == nil {
		return x.rows, nil
	}
	if len(uids) == 0 {
		return nil, refuse(ErrInvalid, "IDs is empty: give nil for all samples")
	}
	rows := make([]int64, len(uids))
	seen := make([]bool, len(x.rows))
	for i, uid := range uids {
		at, ok := x.find(uid)
		if !ok {
			return nil, refuseValue("id", i, uid, "sample %q is not known: the run has %d others; call AddSamples first", uid, len(x.rows))
		}
		if seen[at] {
			return nil, refuseValue("id", i, uid, "sample %q is given twice", uid)
		}
		seen[at] = true
		rows[i] = x.rows[at]
	}
	return rows, nil
}
