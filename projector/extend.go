package projector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/usage"
	"github.com/zoetrope-ml/zoetrope/projector/internal/procrustes"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Extend brings the map up to its runs, in a small part of the time of a fit, and returns the projection at its new
// revision, or p itself if it is not behind: [Projection.Behind] tells. Epochs that were logged since are placed on the map,
// those whose vectors or samples have changed since are placed anew, and those that the runs no longer have leave it. An
// epoch that was logged again with the same vectors has not changed. Of the runs' epochs and samples, those are taken that
// the map was made to show ([Options].Epochs, Samples, MaxPoints).
//
// What is on the map and has not changed stays where it is, and the other points find their places among it. When half of the
// points of the last fit are gone or have changed, or the map has doubled since, it is fitted anew, see [Projection.Refit].
func (p *Projection) Extend(ctx context.Context, progress Progress) (*Projection, error) {
	g, err := p.extension(ctx, progress)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(g.fresh, true) && len(g.gone) == 0 {
		return g.p, g.confirm(ctx)
	}
	if 2*g.left <= max(g.src.rows(), g.fitted) {
		return g.refit(ctx, progress)
	}
	if err := g.method.place(ctx, g.src, g.y, g.fresh, g.p.info.Options, progress); err != nil {
		return nil, err
	}
	return g.p, g.store(ctx, false, progress)
}

// Refit fits the map anew to what its runs hold now, and returns the projection at its new revision. The fit starts from the
// map as it is, and is turned and shifted onto it at the end, so that the picture neither jumps nor flips. Where little is
// left of what was fitted last, the map as it is says little of what it is to show, and the fit begins as [Projection.RefitFromScratch]
// does.
func (p *Projection) Refit(ctx context.Context, progress Progress) (*Projection, error) {
	g, err := p.extension(ctx, progress)
	if err != nil {
		return nil, err
	}
	return g.refit(ctx, progress)
}

// RefitFromScratch fits the map anew to what its runs hold now, and returns the projection at its new revision. Unlike
// [Projection.Refit] it begins where [Project] would, with the samples that Project would choose, and gives Project's map,
// turned and shifted onto the one that is there: so the result does not depend on how the map has grown, but the picture may
// jump.
func (p *Projection) RefitFromScratch(ctx context.Context, progress Progress) (*Projection, error) {
	g, err := p.extensionOf(ctx, true, progress)
	if err != nil {
		return nil, err
	}
	return g.fit(ctx, nil, progress)
}

// An extension is a projection with all frames there are by now.
type extension struct {
	p      *Projection // at its revision in the store
	method Method
	src    *source
	y      []float32  // rows×dims; the places of the rows that are on the map, and of those that were there with other vectors
	had    []bool     // of each row: its sample has a place in y for this epoch
	fresh  []bool     // of each frame: it is not on the map as it is now
	gone   []frameKey // on the map, and no longer in the runs
	again  []int      // frames that are as they were, while the map does not know so: of another seq, or without a digest
	fitted int        // points of the last fit, of those epochs that were on the map so far
	left   int        // those of them that are as they were
	watch  *stopwatch
}

func (p *Projection) extension(ctx context.Context, progress Progress) (*extension, error) {
	return p.extensionOf(ctx, false, progress)
}

// extensionOf is extension with the samples that were chosen or, if they are chosen again, those that Project would choose.
func (p *Projection) extensionOf(ctx context.Context, again bool, progress Progress) (*extension, error) {
	m, err := p.method()
	if err != nil {
		return nil, err
	}
	g := &extension{method: m, watch: startWatch()}
	if g.p, err = Open(ctx, p.store, p.info.ID); err != nil {
		return nil, err
	}
	for range 3 { // an epoch may be removed between the list of them and its vectors
		if g.src, err = g.p.openAgain(ctx, again, progress); !errors.Is(err, tracker.ErrNotFound) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	how, err := g.p.preparation(ctx)
	if errors.Is(err, tracker.ErrNotFound) || err == nil && how != nil && how.In() != g.src.dim {
		how, err = nil, nil // nothing is left of what it was learnt from: the map is fitted anew, which learns it again
	}
	if err != nil {
		return nil, err
	}
	if err := g.src.prepare(ctx, how, g.p.info.Options.Workers); err != nil {
		return nil, err
	}
	if err := g.locate(ctx); err != nil {
		return nil, err
	}
	g.watch.lap("load")
	return g, nil
}

// locate finds what of the source is on the map.
func (g *extension) locate(ctx context.Context) error {
	frames, err := g.p.frames(ctx)
	if err != nil {
		return err
	}
	placed, err := g.p.Coordinates(ctx, Query{AllEpochs: true})
	if err != nil && len(frames) > 0 {
		return err
	}
	for _, f := range frames {
		if !f.extended {
			g.fitted += f.rows
		}
	}
	at := map[frameKey]Coordinates{}
	for _, pl := range placed {
		at[frameKey{pl.Run, pl.Epoch}] = pl
	}
	dims := g.p.info.Dims
	g.y, g.had, g.fresh = make([]float32, g.src.rows()*dims), make([]bool, g.src.rows()), make([]bool, len(g.src.frames))
	for i, f := range g.src.frames {
		key := frameKey{g.src.runs[f.run], f.epoch}
		was, ok := frames[key]
		whole := g.src.fill(g.y, g.had, i, at[key], dims)
		g.fresh[i] = !ok || !was.holds(f) || !whole
		if !g.fresh[i] && !was.extended {
			g.left += len(f.samples)
		}
		if !g.fresh[i] && (was.seq != f.seq || was.digest != f.digest) {
			g.again = append(g.again, i)
		}
		delete(frames, key)
	}
	g.gone = slices.Collect(maps.Keys(frames))
	return nil
}

// fill copies the places of frame i into y, in the order of its rows, and marks the rows that have one in had, which may be
// nil. It reports false if the samples are others.
func (s *source) fill(y []float32, had []bool, i int, from Coordinates, dims int) bool {
	f := s.frames[i]
	at := make(map[string]int, len(from.Samples))
	for j, sample := range from.Samples {
		at[sample] = j
	}
	whole := len(at) == len(f.samples)
	for j, sample := range f.samples {
		k, ok := at[sample]
		if whole = whole && ok; !ok {
			continue
		}
		copy(y[(f.first+j)*dims:(f.first+j+1)*dims], from.Coordinates[k*dims:])
		if had != nil {
			had[f.first+j] = true
		}
	}
	return whole
}

// leastStart is the share of a map's points that must be of the last fit, and as they were, for a fit to start from the map
// when some of that fit is lost. With less, too much would follow from too little: the run that TestLife cuts after epoch 3
// and takes on to 20 keeps .24 of the 15 nearest in mode aligned, instead of .32. A map that has only grown starts from where
// it is, so that its picture does not jump.
const leastStart = 0.25

// refit fits the map from where it is, or anew where that is of little worth, and stores it.
func (g *extension) refit(ctx context.Context, progress Progress) (*Projection, error) {
	if all := max(g.src.rows(), g.fitted); g.left == 0 || g.left < g.fitted && float64(g.left) < leastStart*float64(all) {
		return g.fit(ctx, nil, progress)
	}
	start := slices.Clone(g.y)
	if err := g.method.place(ctx, g.src, start, g.fresh, g.p.info.Options, progress); err != nil {
		return nil, err
	}
	return g.fit(ctx, start, progress)
}

// fit fits the map from start, nil for the options' own, and stores it.
func (g *extension) fit(ctx context.Context, start []float32, progress Progress) (*Projection, error) {
	g.watch.lap("place")
	y, stages, err := g.layOut(ctx, start, progress)
	if err != nil {
		return nil, fmt.Errorf("projection: %w", err)
	}
	g.watch.take(stages)
	g.y = y
	return g.p, g.store(ctx, true, progress)
}

// layOut returns the places of a fit from start, turned and shifted onto where the map lies: onto the points whose vectors are
// as they were or, where there is none, onto those of the same samples and epochs.
func (g *extension) layOut(ctx context.Context, start []float32, progress Progress) ([]float32, Stages, error) {
	o := g.p.info.Options
	if err := g.src.learn(ctx, o); err != nil {
		return nil, nil, err
	}
	y, stages, err := g.method.fit(ctx, g.src, o, start, progress)
	if err != nil {
		return nil, nil, err
	}
	skip := g.src.freshRows(g.fresh)
	if !slices.Contains(skip, false) {
		for i, had := range g.had {
			skip[i] = !had
		}
	}
	procrustes.Turn(y, g.y, o.Dims, skip)
	return y, stages, nil
}

// store writes what is new and takes off what is gone, or writes everything after a refit, as the next revision.
func (g *extension) store(ctx context.Context, refit bool, progress Progress) error {
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
		if err := g.clear(ctx, tx, refit); err != nil {
			return err
		}
		if err := p.insertFrames(ctx, tx, g.src, g.y, wanted, !refit, progress); err != nil {
			return err
		}
		g.watch.lap("store")
		const count = "UPDATE projection SET points = (SELECT sum(rows) FROM projection_frame WHERE projection = ?) WHERE id = ?"
		if _, err := tx.ExecContext(ctx, count, p.id, p.id); err != nil {
			return err
		}
		if !refit {
			return g.note(ctx, tx)
		}
		p.shares = g.src.shares
		if err := p.keepShares(ctx, tx); err != nil {
			return err
		}
		if err := p.keepPreparation(ctx, tx, g.src); err != nil {
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

// clear removes what is written anew or is gone: all of the map, or the frames that are fresh and those that are gone.
func (g *extension) clear(ctx context.Context, tx *tracker.Tx, all bool) error {
	for _, table := range []string{"point", "projection_block", "projection_frame"} {
		if all {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE projection = ?", g.p.id); err != nil {
				return err
			}
			continue
		}
		remove := "DELETE FROM " + table + " WHERE projection = ? AND run = (SELECT id FROM run WHERE uid = ?) AND epoch = ?"
		keys := slices.Clone(g.gone)
		for i, f := range g.src.frames {
			if g.fresh[i] {
				keys = append(keys, frameKey{g.src.runs[f.run], f.epoch})
			}
		}
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, remove, g.p.id, k.run, k.epoch); err != nil {
				return err
			}
		}
	}
	return nil
}

// confirm notes which frames were logged again and are as they were. The map is as it was, and so is its revision.
func (g *extension) confirm(ctx context.Context) error {
	if len(g.again) == 0 {
		return nil
	}
	return g.p.store.Write(ctx, func(tx *tracker.Tx) error {
		if err := g.p.unchanged(ctx, tx); err != nil {
			return err
		}
		return g.note(ctx, tx)
	})
}

func (g *extension) note(ctx context.Context, tx *tracker.Tx) error {
	for _, i := range g.again {
		f := g.src.frames[i]
		const query = "UPDATE projection_frame SET seq = ?, digest = ? WHERE projection = ? AND run = (SELECT id FROM run WHERE uid = ?) AND epoch = ?"
		if _, err := tx.ExecContext(ctx, query, f.seq, stored(f.digest), g.p.id, g.src.runs[f.run], f.epoch); err != nil {
			return err
		}
	}
	return nil
}
