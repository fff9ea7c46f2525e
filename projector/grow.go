package projector

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/zoetrope-ml/zoetrope/internal/usage"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Extend brings the epochs that were logged since onto the map, in a small part of the time of a fit, and returns the
// projection at its new revision, or p itself if there is nothing new. Epochs that were replaced since are placed anew;
// those that were deleted stay as they were.
//
// What is on the map stays where it is, and the new points find their places among it. When they have doubled the
// points of the last fit, the map is fitted anew, see [Projection.Refit].
func (p *Projection) Extend(ctx context.Context, progress Progress) (*Projection, error) {
	g, err := p.growth(ctx, progress)
	if err != nil {
		return nil, err
	}
	added := 0
	for i, f := range g.src.frames {
		if g.fresh[i] {
			added += len(f.samples)
		}
	}
	if added == 0 {
		return g.p, nil
	}
	if err := place(ctx, g.src, g.y, g.fresh, g.p.info.Options, progress); err != nil {
		return nil, err
	}
	if fitted := g.p.info.Points - g.p.info.Extended; g.src.rows() >= 2*fitted {
		return g.refit(ctx, g.y, progress)
	}
	return g.p, g.store(ctx, false, progress)
}

// Refit fits the map anew to all epochs there are now, and returns the projection at its new revision. The fit starts
// from the map as it is, and is turned and shifted onto it at the end, so that the picture neither jumps nor flips.
func (p *Projection) Refit(ctx context.Context, progress Progress) (*Projection, error) {
	g, err := p.growth(ctx, progress)
	if err != nil {
		return nil, err
	}
	if err := place(ctx, g.src, g.y, g.fresh, g.p.info.Options, progress); err != nil {
		return nil, err
	}
	return g.refit(ctx, g.y, progress)
}

// Renew fits the map anew to all epochs there are now, and returns the projection at its new revision. Unlike
// [Projection.Refit] it begins where [Project] would, and gives Project's map, turned and shifted onto the one that is
// there: so the result does not depend on how the map has grown, but the picture may jump.
func (p *Projection) Renew(ctx context.Context, progress Progress) (*Projection, error) {
	g, err := p.growth(ctx, progress)
	if err != nil {
		return nil, err
	}
	return g.refit(ctx, nil, progress)
}

// A growth is a projection with all frames there are by now.
type growth struct {
	p     *Projection // at its revision in the store
	src   *source
	y     []float32 // rows×dims; the places of the rows that are on the map
	fresh []bool    // of each frame: it is not on the map as it is now
	watch *stopwatch
}

func (p *Projection) growth(ctx context.Context, progress Progress) (*growth, error) {
	if err := p.errGiven(); err != nil {
		return nil, err
	}
	g := &growth{watch: startWatch()}
	var err error
	if g.p, err = Open(ctx, p.store, p.info.ID); err != nil {
		return nil, err
	}
	seqs, err := g.p.frameSeqs(ctx)
	if err != nil {
		return nil, err
	}
	placed, err := g.p.Placements(ctx, Query{AllEpochs: true})
	if err != nil {
		return nil, err
	}
	type frame struct {
		run   string
		epoch int
	}
	at := map[frame]Placement{}
	for _, pl := range placed {
		at[frame{pl.Run, pl.Epoch}] = pl
	}
	if g.src, err = openSource(ctx, p.store, g.p.info.Runs, g.p.info.Layer, progress); err != nil {
		return nil, err
	}
	if err := g.src.prepare(ctx, g.p.info.Options); err != nil {
		return nil, err
	}
	dims := g.p.info.Dims
	g.y, g.fresh = make([]float32, g.src.rows()*dims), make([]bool, len(g.src.frames))
	for i, f := range g.src.frames {
		run := g.src.runs[f.run]
		seq, ok := seqs[run][f.epoch]
		g.fresh[i] = !ok || seq != f.seq || !g.src.fill(g.y, i, at[frame{run, f.epoch}], dims)
	}
	g.watch.lap("load")
	return g, nil
}

// frameSeqs returns, by run and epoch, which epochs are on the map and the clock at which each was logged.
func (p *Projection) frameSeqs(ctx context.Context) (map[string]map[int]int64, error) {
	out := map[string]map[int]int64{}
	err := p.store.Read(ctx, func(tx *tracker.Tx) error {
		const query = "SELECT r.uid, f.epoch, f.seq FROM projection_frame f JOIN run r ON r.id = f.run WHERE f.projection = ?"
		rows, err := tx.QueryContext(ctx, query, p.id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var run string
			var epoch int
			var seq int64
			if err := rows.Scan(&run, &epoch, &seq); err != nil {
				return err
			}
			if out[run] == nil {
				out[run] = map[int]int64{}
			}
			out[run][epoch] = seq
		}
		return rows.Err()
	})
	return out, err
}

// fill copies the places of frame i into y, in the order of its rows. It reports false if the samples are others.
func (s *source) fill(y []float32, i int, from Placement, dims int) bool {
	f := s.frames[i]
	at := make(map[string]int, len(from.Samples))
	for j, sample := range from.Samples {
		at[sample] = j
	}
	for j, sample := range f.samples {
		k, ok := at[sample]
		if !ok || len(at) != len(f.samples) {
			return false
		}
		copy(y[(f.first+j)*dims:(f.first+j+1)*dims], from.Coordinates[k*dims:])
	}
	return true
}

// refit fits the map from start, nil for the options' own, and stores it.
func (g *growth) refit(ctx context.Context, start []float32, progress Progress) (*Projection, error) {
	g.watch.lap("place")
	y, stages, err := g.fitted(ctx, start, progress)
	if err != nil {
		return nil, fmt.Errorf("projection: %w", err)
	}
	g.watch.take(stages)
	g.y = y
	return g.p, g.store(ctx, true, progress)
}

// fitted returns the places of a fit from start, turned and shifted onto where the map lies.
func (g *growth) fitted(ctx context.Context, start []float32, progress Progress) ([]float32, Stages, error) {
	o := g.p.info.Options
	y, stages, err := fit(ctx, g.src, o, start, progress)
	if err == nil {
		register(y, g.y, o.Dims, g.src.freshRows(g.fresh))
	}
	return y, stages, err
}

// store writes what is new, or everything after a refit, as the next revision.
func (g *growth) store(ctx context.Context, refit bool, progress Progress) error {
	p := g.p
	wanted := func(frame int) bool { return refit || g.fresh[frame] }
	err := p.store.Write(ctx, func(tx *tracker.Tx) error {
		const next = "UPDATE projection SET revision = revision + 1, quality = NULL WHERE id = ? AND revision = ?"
		res, err := tx.ExecContext(ctx, next, p.id, p.info.Revision)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return fmt.Errorf("projection %q was changed or deleted meanwhile: %w", p.info.ID, tracker.ErrSuperseded)
		}
		for i, f := range g.src.frames {
			if !wanted(i) {
				continue
			}
			for _, table := range []string{"point", "projection_block", "projection_frame"} {
				remove := "DELETE FROM " + table + " WHERE projection = ? AND run = (SELECT id FROM run WHERE uid = ?) AND epoch = ?"
				if _, err := tx.ExecContext(ctx, remove, p.id, g.src.runs[f.run], f.epoch); err != nil {
					return err
				}
			}
		}
		if err := p.insertFrames(ctx, tx, g.src, g.y, wanted, !refit, progress); err != nil {
			return err
		}
		g.watch.lap("store")
		const count = "UPDATE projection SET points = (SELECT sum(rows) FROM projection_frame WHERE projection = ?) WHERE id = ?"
		if _, err := tx.ExecContext(ctx, count, p.id, p.id); err != nil || !refit {
			return err
		}
		stages, err := json.Marshal(g.watch.stages)
		if err != nil {
			return err
		}
		const cost = "UPDATE projection SET seconds = ?, stages = ?, peak_rss = ? WHERE id = ?"
		_, err = tx.ExecContext(ctx, cost, g.watch.total(), string(stages), usage.PeakRSS(), p.id)
		return err
	})
	if err != nil {
		return err
	}
	again, err := Open(ctx, p.store, p.info.ID)
	if err == nil {
		*p = *again
	}
	return err
}
