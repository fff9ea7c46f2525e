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

// placementsOf reads one run's placements of the samples with the given sample.id, nil for all. They are taken of the blocks,
// whose seals say that they are what was stored.
func (r *reading) placementsOf(ctx context.Context, run runSamples, q Query, ids map[int64]bool) ([]Placement, error) {
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
	var out []Placement
	for _, epoch := range epochs {
		y, err := r.p.block(ctx, r.tx, run.uid, len(run.samples), epoch)
		if err != nil {
			return nil, err
		}
		at := Placement{Run: run.uid, Epoch: epoch, Samples: make([]string, 0, len(wanted)), Coordinates: make([]float32, 0, len(wanted)*dims)}
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
