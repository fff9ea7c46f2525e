package projector

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A Query selects points of a projection.
type Query struct {
	Run       string   // id, name or experiment/name; empty = all runs of the projection
	Epoch     int      // the epoch; 0 is the one before training
	AllEpochs bool     // all epochs, whatever Epoch says
	Samples   []string // sample ids; nil = all
}

var errTrajectory = errors.New("a trajectory goes through all epochs: leave Epoch out of the query")

// Coordinates are where the samples of one epoch lie on the map.
type Coordinates struct {
	Run         string // id
	Epoch       int
	Samples     []string  // in the run's order
	Coordinates []float32 // len(Samples)×dims, row-major
}

// Coordinates returns the points that q selects as one matrix per run and epoch: the fastest way to a whole map.
func (p *Projection) Coordinates(ctx context.Context, q Query) ([]Coordinates, error) {
	var out []Coordinates
	err := p.read(ctx, q, func(_ *query, placed []Coordinates) error {
		out = placed
		return nil
	})
	return out, err
}

// A query is one transaction's view of a projection.
type query struct {
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

// read calls f with the coordinates that q selects.
func (p *Projection) read(ctx context.Context, q Query, f func(*query, []Coordinates) error) error {
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
		r := &query{p: p, tx: tx}
		if err := r.open(ctx, q.Run); err != nil {
			return err
		}
		placed, err := r.coordinates(ctx, q)
		if err != nil {
			return err
		}
		return f(r, placed)
	})
}

// open looks up the projection's runs, or only the one that is named, and their samples.
func (r *query) open(ctx context.Context, only string) error {
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
func (r *query) labels(run string) map[string]string {
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
func (r *query) predictions(ctx context.Context, q Query) (map[occurrence]string, error) {
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

func (r *query) coordinates(ctx context.Context, q Query) ([]Coordinates, error) {
	var out []Coordinates
	unknown := map[string]bool{}
	for _, id := range q.Samples {
		unknown[id] = true
	}
	for _, run := range r.runs {
		ids := run.pick(q.Samples)
		for id := range ids {
			delete(unknown, run.samples[run.at[id]].uid)
		}
		if q.Samples != nil && len(ids) == 0 {
			continue
		}
		placed, err := r.coordinatesOf(ctx, run, q, ids)
		if err != nil {
			return nil, err
		}
		out = append(out, placed...)
	}
	for _, id := range q.Samples {
		if unknown[id] {
			return nil, fmt.Errorf("projection %q: sample %q: %w", r.p.info.ID, id, tracker.ErrNotFound)
		}
	}
	if len(out) == 0 {
		return nil, r.explain(ctx, q)
	}
	return out, nil
}

// pick returns the sample.id of those of the given samples that the run has; nil means all, as it does for samples.
func (run *runSamples) pick(samples []string) map[int64]bool {
	if samples == nil {
		return nil
	}
	at := make(map[string]int64, len(run.samples))
	for _, s := range run.samples {
		at[s.uid] = s.id
	}
	ids := map[int64]bool{}
	for _, uid := range samples {
		if id, ok := at[uid]; ok {
			ids[id] = true
		}
	}
	return ids
}

// coordinatesOf reads one run's coordinates of the samples with the given sample.id, nil for all. They are taken of the blocks,
// whose seals say that they are what was stored.
func (r *query) coordinatesOf(ctx context.Context, run runSamples, q Query, ids map[int64]bool) ([]Coordinates, error) {
	query, args := "SELECT epoch FROM projection_frame WHERE projection = ? AND run = ?", []any{r.p.id, run.id}
	if !q.AllEpochs {
		query, args = query+" AND epoch = ?", append(args, q.Epoch)
	}
	epochs, err := readColumn[int](ctx, r.tx, query, args...)
	if err != nil {
		return nil, err
	}
	slices.Sort(epochs)
	var wanted []int // places of samples
	for i, s := range run.samples {
		if ids == nil || ids[s.id] {
			wanted = append(wanted, i)
		}
	}
	dims := r.p.info.Dims
	var out []Coordinates
	for _, epoch := range epochs {
		y, err := r.p.block(ctx, r.tx, run.uid, len(run.samples), epoch)
		if err != nil {
			return nil, err
		}
		at := Coordinates{Run: run.uid, Epoch: epoch, Samples: make([]string, 0, len(wanted)), Coordinates: make([]float32, 0, len(wanted)*dims)}
		for _, i := range wanted {
			if c := y[i*dims : (i+1)*dims]; c[0] == c[0] { // not NaN: there is a point
				at.Samples, at.Coordinates = append(at.Samples, run.samples[i].uid), append(at.Coordinates, c...)
			}
		}
		if len(at.Samples) > 0 {
			out = append(out, at)
		}
	}
	return out, nil
}

// explain says why nothing was found.
func (r *query) explain(ctx context.Context, q Query) error {
	const query = "SELECT DISTINCT epoch FROM projection_frame WHERE projection = ? ORDER BY epoch"
	epochs, err := readColumn[int](ctx, r.tx, query, r.p.id)
	if err != nil {
		return err
	}
	if !q.AllEpochs && !slices.Contains(epochs, q.Epoch) && len(epochs) > 0 {
		return fmt.Errorf("projection %q has no epoch %d: it has %d, from %d to %d: %w", r.p.info.ID, q.Epoch, len(epochs), epochs[0],
			epochs[len(epochs)-1], tracker.ErrNotFound)
	}
	return fmt.Errorf("projection %q has no such point: %w", r.p.info.ID, tracker.ErrNotFound)
}
