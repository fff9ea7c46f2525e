package projector

import (
	"context"
	"errors"
	"fmt"

	"github.com/zoetrope-ml/zoetrope/projector/umap"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Prepares reports whether vectors are scaled or reduced before anything else is asked of them.
func (o Options) Prepares() bool { return o.PCA > 0 || o.Scale != "" && o.Scale != "none" }

// learn makes of the rows what o asks for beforehand, as their own columns have it: from here on, they are the original
// space.
func (s *source) learn(ctx context.Context, o Options) error {
	if !o.Prepares() {
		return nil
	}
	if s.raw != nil { // they were prepared otherwise
		s.x, s.dim = s.raw, s.preparation.In()
	}
	p, err := umap.Prepare(ctx, s.x, s.dim, o.Scale, o.PCA, o.Workers)
	if err != nil {
		return asOptions(err)
	}
	err = s.prepare(ctx, p, o.Workers)
	s.raw = nil // nobody asks for them again
	return err
}

// prepare makes of the rows what was learnt before. A nil preparation leaves them.
func (s *source) prepare(ctx context.Context, p *umap.Preparation, workers int) (err error) {
	if p == nil {
		return nil
	}
	s.raw, s.preparation = s.x, p
	s.x, err = p.Apply(ctx, s.x, workers)
	s.dim = p.Columns()
	return asOptions(err)
}

// asOptions makes an error about umap's settings one about ours.
func asOptions(err error) error {
	if errors.Is(err, umap.ErrInput) {
		return fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return err
}

// preparation is what the vectors of the map went through when it was fitted last; nil for nothing. All that is asked about
// the original space is asked of vectors that went through it.
func (p *Projection) preparation(ctx context.Context) (*umap.Preparation, error) {
	if !p.info.Options.Prepares() {
		return nil, nil
	}
	var stored []byte
	err := p.store.Read(ctx, func(tx *tracker.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT preparation FROM projection WHERE id = ?", p.id).Scan(&stored)
	})
	if err != nil {
		return nil, err
	}
	if stored != nil {
		out := new(umap.Preparation)
		if err := out.UnmarshalBinary(stored); err != nil {
			return nil, fmt.Errorf("preparation of projection %q: %w", p.info.ID, err)
		}
		return out, nil
	}
	// The map is of an earlier version, which learnt anew each time, from what was on the map.
	placed, _, err := p.intact(ctx)
	if err != nil {
		return nil, err
	}
	src, err := p.reread(ctx, placed)
	if err != nil {
		return nil, err
	}
	if err := src.learn(ctx, p.info.Options); err != nil {
		return nil, err
	}
	err = p.store.Write(ctx, func(tx *tracker.Tx) error {
		if err := p.unchanged(ctx, tx); err != nil {
			return err
		}
		return p.keepPreparation(ctx, tx, src)
	})
	if errors.Is(err, tracker.ErrReadOnly) {
		err = nil
	}
	return src.preparation, err
}

// keepPreparation stores what the rows of src went through.
func (p *Projection) keepPreparation(ctx context.Context, tx *tracker.Tx, src *source) error {
	if src.preparation == nil {
		return nil
	}
	text, err := src.preparation.MarshalBinary()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE projection SET preparation = ? WHERE id = ?", text, p.id)
	return err
}

// prepared returns the vectors of a frame as the map has them, and their columns.
func (p *Projection) prepared(ctx context.Context, f tracker.Frame) ([]float32, int, error) {
	how, err := p.preparation(ctx)
	if how == nil || err != nil {
		return f.Vectors, f.Dim, err
	}
	if how.In() != f.Dim {
		return nil, 0, fmt.Errorf("epoch %d of run %s has %d columns, and projection %q was made of %d: extend it: %w",
			f.Epoch, titles(ctx, p.store, f.Run), f.Dim, p.info.ID, how.In(), tracker.ErrNotFound)
	}
	x, err := how.Apply(ctx, f.Vectors, p.info.Options.Workers)
	return x, how.Columns(), asOptions(err)
}
