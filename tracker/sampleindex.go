package tracker

import (
	"context"
	"maps"
	"slices"
)

// A sampleIndex knows a run's samples in order. It is never changed, only replaced.
type sampleIndex struct {
	rows []int64 // sample.id
	uids []string
	at   map[string]int // by uid
}

func newSampleIndex() *sampleIndex { return &sampleIndex{at: map[string]int{}} }

// readSampleIndex returns the index of a run's samples.
func readSampleIndex(ctx context.Context, tx *Tx, run int64) (*sampleIndex, error) {
	const query = `SELECT s.id, s.uid FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set
		WHERE rs.run = ? ORDER BY rs.first_position, s.position`
	x := newSampleIndex()
	return x, x.read(ctx, tx, query, run)
}

// with returns the index of these samples and, after them, those of a set.
func (x *sampleIndex) with(ctx context.Context, tx *Tx, set int64) (*sampleIndex, error) {
	y := &sampleIndex{slices.Clone(x.rows), slices.Clone(x.uids), maps.Clone(x.at)}
	return y, y.read(ctx, tx, "SELECT id, uid FROM sample WHERE sample_set = ? ORDER BY position", set)
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
		x.at[uid] = len(x.rows)
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
		at, ok := x.at[uid]
		if !ok {
			return nil, refuse(ErrInvalid, "sample %q is not known: the run has %d others; call AddSamples first", uid, len(x.rows))
		}
		if seen[at] {
			return nil, refuse(ErrInvalid, "sample %q is given twice", uid)
		}
		seen[at] = true
		rows[i] = x.rows[at]
	}
	return rows, nil
}
