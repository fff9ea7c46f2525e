package tracker

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// A sampleIndex knows the samples of a run: of each its id, its row (sample.id) and its position among the run's. It is never
// changed, only replaced.
type sampleIndex struct {
	rows []int64                        // in order of position; not of an index of positions
	uids []string                       // likewise
	sum  uint32                         // of uids: seal.Texts
	at   atomic.Pointer[map[string]int] // place in rows and uids, by uid; made when somebody asks, as a million take long

	sets      []rowRange
	scattered map[int64]int // position by row, instead of sets where rows have gaps
	positions int           // how many there are
}

// A rowRange is a set of samples whose rows follow each other, as they do where nothing was lost.
type rowRange struct {
	first, rows int64
	position    int // of the first
}

// follow adds samples whose rows follow each other.
func (x *sampleIndex) follow(first int64, batch []content.SampleRow) {
	x.rows, x.uids = slices.Grow(x.rows, len(batch)), slices.Grow(x.uids, len(batch))
	for i := range batch {
		x.rows, x.uids = append(x.rows, first+int64(i)), append(x.uids, batch[i].UID)
	}
	x.sum = seal.Texts(x.sum, len(batch), func(i int) string { return batch[i].UID })
}

// find returns the place of a sample in rows and uids.
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

// position returns where among the run's samples a row is, −1 if the run does not have it.
func (x *sampleIndex) position(row int64) int {
	if x.scattered != nil {
		if at, ok := x.scattered[row]; ok {
			return at
		}
		return -1
	}
	for _, s := range x.sets {
		if i := row - s.first; i >= 0 && i < s.rows {
			return s.position + int(i)
		}
	}
	return -1
}

// pick returns the row of each of uids, or of all samples if uids is nil.
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

// itsSamples are the samples s of a run, with the links rs to it; ofSet are those of one of its sets.
const (
	itsSamples = " FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set WHERE rs.run = ?"
	ofSet      = " AND rs.sample_set = ?"
)

// readSampleIndex returns the index of a run's samples, once it has seen that they are those that were logged.
func readSampleIndex(ctx context.Context, tx *Tx, run int64) (*sampleIndex, error) {
	x, err := readSamplePositions(ctx, tx, run)
	if err != nil {
		return nil, err
	}
	if err := x.readIDs(ctx, tx, "", run); err != nil {
		return nil, err
	}
	sums, err := readSums(ctx, tx, run)
	if err != nil {
		return nil, err
	}
	return x, sums.checkIDs(x.sum)
}

// readSamplePositions returns an index of positions, which has no ids and is read in a fraction of the time.
func readSamplePositions(ctx context.Context, tx *Tx, run int64) (*sampleIndex, error) {
	x := &sampleIndex{}
	_, err := x.readSets(ctx, tx, "", run)
	return x, err
}

// with returns the index of these samples and, after them, those of a set that the run has just got, which are the batch.
func (x *sampleIndex) with(ctx context.Context, tx *Tx, run, set int64, batch []content.SampleRow) (*sampleIndex, error) {
	y := &sampleIndex{rows: slices.Clone(x.rows), uids: slices.Clone(x.uids), sum: x.sum,
		sets: slices.Clone(x.sets), scattered: x.scattered, positions: x.positions}
	whole, err := y.readSets(ctx, tx, ofSet, run, set)
	if err != nil {
		return nil, err
	}
	if last := len(y.sets) - 1; whole && last >= 0 && y.sets[last].rows == int64(len(batch)) {
		y.follow(y.sets[last].first, batch) // as nearly always: nothing of a set is read that is there
	} else if err := y.readIDs(ctx, tx, ofSet, run, set); err != nil {
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

// readSets adds where the rows of the run's sets lie, of all or of which (and its args), and reports whether those of each
// follow each other.
func (x *sampleIndex) readSets(ctx context.Context, tx *Tx, which string, run int64, args ...any) (whole bool, err error) {
	const query = `SELECT rs.first_position, count(*), min(s.id), max(s.position),
		min(s.id - s.position) = max(s.id - s.position) AND min(s.position) = 0 AND max(s.position) = count(*) - 1`
	const order = " GROUP BY rs.sample_set, rs.first_position ORDER BY rs.first_position"
	rows, err := tx.QueryContext(ctx, query+itsSamples+which+order, append([]any{run}, args...)...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	whole = true
	for rows.Next() {
		var s rowRange
		var last int
		var follows bool
		if err := rows.Scan(&s.position, &s.rows, &s.first, &last, &follows); err != nil {
			return false, err
		}
		x.sets = append(x.sets, s)
		x.positions = max(x.positions, s.position+last+1)
		whole = whole && follows
	}
	if err := rows.Err(); err != nil || whole && x.scattered == nil {
		return whole, err
	}
	rows.Close()
	return whole, x.readScattered(ctx, tx, run)
}

// readScattered reads the position of each row of the run.
func (x *sampleIndex) readScattered(ctx context.Context, tx *Tx, run int64) error {
	rows, err := tx.QueryContext(ctx, "SELECT s.id, rs.first_position + s.position"+itsSamples, run)
	if err != nil {
		return err
	}
	defer rows.Close()
	x.scattered = make(map[int64]int, x.positions)
	for rows.Next() {
		var row int64
		var position int
		if err := rows.Scan(&row, &position); err != nil {
			return err
		}
		x.scattered[row] = position
	}
	return rows.Err()
}

// readIDs adds the rows and ids of the run's samples, of all or of which.
func (x *sampleIndex) readIDs(ctx context.Context, tx *Tx, which string, args ...any) error {
	rows, err := tx.QueryContext(ctx, "SELECT s.id, s.uid"+itsSamples+which+" ORDER BY rs.first_position, s.position", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	first := len(x.uids)
	for rows.Next() {
		var row int64
		var uid string
		if err := rows.Scan(&row, &uid); err != nil {
			return err
		}
		x.rows, x.uids = append(x.rows, row), append(x.uids, uid)
	}
	x.sum = seal.Texts(x.sum, len(x.uids)-first, func(i int) string { return x.uids[first+i] })
	return rows.Err()
}
