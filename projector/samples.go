package projector

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A sampleSet is the samples of a run in their order.
type sampleSet struct {
	uids []string
	at   map[string]int // only where it was needed
}

func newSampleSet(samples []tracker.Sample) *sampleSet {
	r := &sampleSet{uids: make([]string, len(samples))}
	for i, s := range samples {
		r.uids[i] = s.ID
	}
	return r
}

// find returns the place of each of some samples, −1 for one that is not in the set. They are nearly always in its
// order, so that few are looked up by id: a map of a million ids takes longer to make than all else here.
func (r *sampleSet) find(some []string) []int {
	places := make([]int, len(some))
	next := 0
	for i, uid := range some {
		if next >= len(r.uids) || r.uids[next] != uid {
			next = r.lookUp(uid)
		}
		places[i] = next
		next++
	}
	return places
}

func (r *sampleSet) lookUp(uid string) int {
	if r.at == nil {
		r.at = make(map[string]int, len(r.uids))
		for i, known := range r.uids {
			r.at[known] = i
		}
	}
	if i, ok := r.at[uid]; ok {
		return i
	}
	return -1
}

// currentIDs returns the run's samples as they are now, with their sample.id. Samples never change, so that it is the same
// set unless some were added, or the store lost some, and their ids follow each other: then no row need be read.
func (r *sampleSet) currentIDs(ctx context.Context, tx *tracker.Tx, run int64) (*sampleSet, []int64, error) {
	ids, err := consecutive(ctx, tx, run, len(r.uids))
	if err != nil || ids != nil {
		return r, ids, err
	}
	samples, err := readSamples(ctx, tx, run)
	if err != nil {
		return nil, nil, err
	}
	now := &sampleSet{uids: make([]string, len(samples))}
	ids = make([]int64, len(samples))
	for i, s := range samples {
		now.uids[i], ids[i] = s.uid, s.id
	}
	return now, ids, nil
}

// consecutive returns the sample.id of the run's samples if there are so many and the ids of each set follow each other.
func consecutive(ctx context.Context, tx *tracker.Tx, run int64, want int) ([]int64, error) {
	const query = `SELECT count(*), min(s.id),
			min(s.id - s.position) = max(s.id - s.position) AND min(s.position) = 0 AND max(s.position) = count(*) - 1
		FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set WHERE rs.run = ?
		GROUP BY rs.sample_set, rs.first_position ORDER BY rs.first_position`
	rows, err := tx.QueryContext(ctx, query, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := make([]int64, 0, want)
	whole := true
	for rows.Next() {
		var n, first int64
		var follow bool
		if err := rows.Scan(&n, &first, &follow); err != nil {
			return nil, err
		}
		if whole = whole && follow && len(ids)+int(n) <= want; !whole {
			continue
		}
		for i := range n {
			ids = append(ids, first+i)
		}
	}
	if !whole || len(ids) < want {
		return nil, rows.Err()
	}
	return ids, rows.Err()
}
