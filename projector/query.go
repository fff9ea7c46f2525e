package projector

import (
	"context"
	"fmt"
	"slices"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A reading is one transaction's view of a projection.
type reading struct {
	p    *Projection
	tx   *tracker.Tx
	runs []runSamples
}

// runSamples is a run of the projection with its samples.
type runSamples struct {
	id      int64 // run.id
	uid     string
	samples []sampleRow
	at      map[int64]int // position by sample.id
}

type sampleRow struct {
	id         int64 // sample.id
	uid, label string
}

// occurrence names one point.
type occurrence struct {
	run    string
	epoch  int
	sample string
}

// read calls f with the placements that q selects.
func (p *Projection) read(ctx context.Context, q Query, f func(*reading, []Placement) error) error {
	if q.Run != "" {
		run, err := p.store.Run(ctx, q.Run)
		if err != nil {
			return err
		}
		if !slices.Contains(p.info.Runs, run.ID) {
			return fmt.Errorf("run %s/%s is not on projection %q: %w", run.Experiment, run.Name, p.info.ID, tracker.ErrNotFound)
		}
		q.Run = run.ID
	}
	return p.store.Read(ctx, func(tx *tracker.Tx) error {
		r := &reading{p: p, tx: tx}
		if err := r.open(ctx, q.Run); err != nil {
			return err
		}
		placed, err := r.placements(ctx, q)
		if err != nil {
			return err
		}
		return f(r, placed)
	})
}

// open looks up the projection's runs, or only the one that is named, and their samples.
func (r *reading) open(ctx context.Context, only string) error {
	const query = "SELECT r.id, r.uid FROM projection_run pr JOIN run r ON r.id = pr.run WHERE pr.projection = ? ORDER BY pr.position"
	rows, err := r.tx.QueryContext(ctx, query, r.p.id)
	if err != nil {
		return err
	}
	defer rows.Close()
	found := map[string]bool{}
	for rows.Next() {
		var run runSamples
		if err := rows.Scan(&run.id, &run.uid); err != nil {
			return err
		}
		if found[run.uid] {
			return fmt.Errorf("projection %q: a run is on it twice: %w", r.p.info.ID, tracker.ErrCorrupt)
		}
		found[run.uid] = true
		if only == "" || run.uid == only {
			r.runs = append(r.runs, run)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(found) == 0 {
		return missing(r.p.info.ID) // deleted since it was opened
	}
	epochs, err := r.p.storedEpochs(ctx, r.tx)
	if err != nil {
		return err
	}
	for _, e := range epochs {
		if !found[e.Run] {
			return fmt.Errorf("projection %q: run %s is no longer on it, and its epoch %d is: %w", r.p.info.ID, e.Run, e.Number, tracker.ErrCorrupt)
		}
	}
	for i := range r.runs {
		run := &r.runs[i]
		if run.samples, err = readSamples(ctx, r.tx, run.id); err != nil {
			return err
		}
		run.at = make(map[int64]int, len(run.samples))
		for j, s := range run.samples {
			run.at[s.id] = j
		}
	}
	return nil
}

// readSamples returns the samples of a run in their order.
func readSamples(ctx context.Context, tx *tracker.Tx, run int64) ([]sampleRow, error) {
	const query = `SELECT s.id, s.uid, coalesce(s.label, '') FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set
		WHERE rs.run = ? ORDER BY rs.first_position, s.position`
	rows, err := tx.QueryContext(ctx, query, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []sampleRow
	for rows.Next() {
		var s sampleRow
		if err := rows.Scan(&s.id, &s.uid, &s.label); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	id, label := func(i int) string { return list[i].uid }, func(i int) string { return list[i].label }
	if err := tracker.CheckSamples(ctx, tx, run, len(list), id, label); err != nil {
		return nil, fmt.Errorf("the samples of a run: %w", err)
	}
	return list, nil
}

// labels returns the label of each of a run's samples.
func (r *reading) labels(run string) map[string]string {
	labels := map[string]string{}
	for _, rs := range r.runs {
		if rs.uid == run {
			for _, s := range rs.samples {
				labels[s.uid] = s.label
			}
		}
	}
	return labels
}

// predictions returns what was logged for the points that q selects, and perhaps for more.
func (r *reading) predictions(ctx context.Context, q Query) (map[occurrence]string, error) {
	out := map[occurrence]string{}
	for _, run := range r.runs {
		query := `SELECT e.number, o.sample, o.prediction FROM epoch e JOIN output o ON o.epoch = e.id
			WHERE e.run = ? AND o.prediction IS NOT NULL`
		args := []any{run.id}
		if !q.AllEpochs {
			query, args = query+" AND e.number = ?", append(args, q.Epoch)
		}
		rows, err := r.tx.QueryContext(ctx, query, args...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var epoch int
			var sample int64
			var prediction string
			if err := rows.Scan(&epoch, &sample, &prediction); err != nil {
				return nil, err
			}
			if i, ok := run.at[sample]; ok {
				out[occurrence{run.uid, epoch, run.samples[i].uid}] = prediction
			}
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
