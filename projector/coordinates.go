package projector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// A Placement is where the samples of one epoch lie on the map.
type Placement struct {
	Run         string // id
	Epoch       int
	Samples     []string  // in the run's order
	Coordinates []float32 // len(Samples)×dims, row-major
}

// Placements returns the points that q selects as one matrix per run and epoch: the fastest way to a whole map.
func (p *Projection) Placements(ctx context.Context, q Query) ([]Placement, error) {
	var out []Placement
	err := p.read(ctx, q, func(_ *reading, placed []Placement) error {
		out = placed
		return nil
	})
	return out, err
}

func (r *reading) placements(ctx context.Context, q Query) ([]Placement, error) {
	var out []Placement
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
		placed, err := r.placementsOf(ctx, run, q, ids)
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

// placementsOf reads one run's placements of the samples with the given sample.id, nil for all.
func (r *reading) placementsOf(ctx context.Context, run runSamples, q Query, ids map[int64]bool) ([]Placement, error) {
	// The frames come first, so that a few samples are looked up epoch by epoch instead of all points being read.
	query := `SELECT f.epoch, p.sample, p.x, p.y, coalesce(p.z, 0)
		FROM projection_frame f CROSS JOIN point p
		WHERE p.projection = f.projection AND p.run = f.run AND p.epoch = f.epoch AND f.projection = ? AND f.run = ?`
	args := []any{r.p.id, run.id}
	if !q.AllEpochs {
		query, args = query+" AND f.epoch = ?", append(args, q.Epoch)
	}
	const lookups = 1000 // beyond that, reading all is faster
	if n := len(ids); n > 0 && n <= lookups {
		query += " AND p.sample IN (?" + strings.Repeat(",?", n-1) + ")"
		for id := range ids {
			args = append(args, id)
		}
	}
	rows, err := r.tx.QueryContext(ctx, query+" ORDER BY f.epoch, p.sample", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Placement
	var places []spot // of the epoch at hand
	for rows.Next() {
		var epoch int
		var sample int64
		var x, y, z float64
		if err := rows.Scan(&epoch, &sample, &x, &y, &z); err != nil {
			return nil, err
		}
		if ids != nil && !ids[sample] {
			continue
		}
		if last := len(out) - 1; last < 0 || out[last].Epoch != epoch {
			if last >= 0 {
				out[last].fill(places, run.samples, r.p.info.Dims)
			}
			out, places = append(out, Placement{Run: run.uid, Epoch: epoch}), places[:0]
		}
		places = append(places, spot{run.position(sample), [3]float32{float32(x), float32(y), float32(z)}})
	}
	if last := len(out) - 1; last >= 0 {
		out[last].fill(places, run.samples, r.p.info.Dims)
	}
	return out, rows.Err()
}

// position is the place among the run's samples of the one with this sample.id. Samples that were added together have
// consecutive ids, and a map of a million is read faster without a million look-ups.
func (run *runSamples) position(id int64) int {
	if len(run.samples) > 0 {
		if i := id - run.samples[0].id; i >= 0 && i < int64(len(run.samples)) && run.samples[i].id == id {
			return int(i)
		}
	}
	return run.at[id]
}

// A spot is where one sample lies.
type spot struct {
	position int // of the sample in its run
	at       [3]float32
}

// fill puts places into p, in the order of their samples.
func (p *Placement) fill(places []spot, samples []sampleRow, dims int) {
	order := func(a, b spot) int { return cmp.Compare(a.position, b.position) }
	if !slices.IsSortedFunc(places, order) {
		slices.SortFunc(places, order)
	}
	p.Samples, p.Coordinates = make([]string, 0, len(places)), make([]float32, 0, len(places)*dims)
	for _, pl := range places {
		p.Samples = append(p.Samples, samples[pl.position].uid)
		p.Coordinates = append(p.Coordinates, pl.at[:dims]...)
	}
}

// explain says why nothing was found.
func (r *reading) explain(ctx context.Context, q Query) error {
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
