package tracker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// A FrameWriter collects the frame of one layer at one epoch, when its vectors arrive in batches or from several ranks. It
// is safe for concurrent use, and the batches may come in any order. They are kept in memory, and nobody sees anything of
// them before [FrameWriter.Commit] or the [Run.Log] that the frame is given to.
type FrameWriter struct {
	run   *Run
	epoch int
	layer string
	dim   int

	mu     sync.Mutex
	lost   bool         // NewFrame was refused, and OnError goes on
	sealed bool         // stored, or about to be
	seen   map[int]bool // by the sample's place among the run's
	parts  []framePart
}

// A framePart is what one Append has brought.
type framePart struct {
	at      []int // each row's sample, by its place among the run's
	vectors []float32
}

// NewFrame begins the frame of a layer at an epoch. A frame that is never committed leaves nothing behind.
func (r *Run) NewFrame(ctx context.Context, epoch int, layer string, dim int) (f *FrameWriter, err error) {
	defer func() {
		if f == nil && err == nil {
			f = &FrameWriter{run: r, lost: true}
		}
	}()
	defer r.recoverToOnError(&err)
	err = checkLayer(layer, dim)
	if err == nil && epoch < 0 {
		err = refuse(ErrInvalid, "the epoch must not be negative")
	}
	if err != nil {
		return nil, fmt.Errorf("run %s, epoch %d: layer %s: %w", r.title(), epoch, quoted(layer), err)
	}
	if err := r.store.Read(ctx, func(tx *Tx) error { return r.checkDim(ctx, tx, layer, epoch, dim) }); err != nil {
		return nil, err
	}
	return &FrameWriter{run: r, epoch: epoch, layer: layer, dim: dim, seen: map[int]bool{}}, nil
}

// Append adds the vectors of some samples, len(ids)×dim, row-major, which it copies. It refuses, and adds nothing, if a sample
// is not known or has a vector already, or for a wrong number of floats or one that cannot be stored.
func (f *FrameWriter) Append(ids []string, vectors []float32) (err error) {
	if f == nil {
		return errNoFrame()
	}
	defer f.run.recoverToOnError(&err)
	if err := f.append(ids, vectors); err != nil {
		return fmt.Errorf("run %s, epoch %d: layer %q: %w", f.run.title(), f.epoch, f.layer, ofLayer(f.layer, err))
	}
	return nil
}

func (f *FrameWriter) append(ids []string, vectors []float32) error {
	if f.lost {
		return nil
	}
	if len(ids) == 0 {
		return refuse(ErrInvalid, "a part names no samples")
	}
	if len(vectors) != len(ids)*f.dim {
		return refuse(ErrInvalid, "has %d floats%s, expected %d samples × %d columns = %d",
			len(vectors), shape(len(vectors), len(ids), f.dim), len(ids), f.dim, len(ids)*f.dim)
	}
	index := f.run.samples.Load()
	if _, err := index.pick(ids); err != nil {
		return err
	}
	part := framePart{make([]int, len(ids)), slices.Clone(vectors)}
	for i, id := range ids {
		part.at[i], _ = index.find(id)
		if _, err := content.CheckRow(part.vectors[i*f.dim:(i+1)*f.dim], f.run.as); err != nil {
			return refuseValue("vector", i, id, "sample %q has %v", id, err)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sealed {
		return refuse(ErrInvalid, "the frame is stored already: begin another with NewFrame")
	}
	for i, at := range part.at {
		if f.seen[at] {
			return refuseValue("id", i, ids[i], "sample %q has a vector already", ids[i])
		}
	}
	for _, at := range part.at {
		f.seen[at] = true
	}
	f.parts = append(f.parts, part)
	return nil
}

// Commit adds the frame to its epoch, in the order in which the run's samples were added, and returns when it is durable.
// The epoch keeps what else it has; a frame of the same layer is replaced. If the epoch was not logged yet, it then is an
// epoch with step 0 and no more than this: a [Run.Log] of it that follows adds the rest, and keeps the frames that this
// writer has committed since it last logged the epoch. Where no state in between is wanted, give the frame to Log instead,
// in [Epoch].Frames.
func (f *FrameWriter) Commit(ctx context.Context) (err error) {
	if f == nil {
		return errNoFrame()
	}
	defer f.run.recoverToOnError(&err)
	if f.lost {
		return nil
	}
	layer, err := f.seal()
	if err != nil {
		return err
	}
	defer func() { f.unseal(err) }()
	frame, err := prepareFrame(f.run.samples.Load(), layer, f.run.as)
	if err != nil {
		return err
	}
	e := preparedEpoch{number: f.epoch, apart: true}
	if f.run.Keeps(f.epoch) {
		e.frames = []preparedFrame{frame}
	} else {
		e.skipped = []preparedFrame{frame}
	}
	return f.run.dispatch(ctx, &pending{epochs: []preparedEpoch{e}})
}

// layerOf is the frame as a layer of an epoch that r logs.
func (f *FrameWriter) layerOf(r *Run, epoch int) (Layer, error) {
	if f.run != r || f.epoch != epoch {
		return Layer{}, refuse(ErrInvalid, "run %s, epoch %d: frame of layer %q is for run %s, epoch %d", r.title(), epoch, f.layer, f.run.title(), f.epoch)
	}
	return f.seal()
}

func errNoFrame() error {
	return refuse(ErrInvalid, "the FrameWriter is nil: look at the error of NewFrame")
}

// seal puts the parts together, and takes no more.
func (f *FrameWriter) seal() (Layer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.sealed:
		return Layer{}, refuse(ErrInvalid, "run %s, epoch %d: layer %q: the frame is stored already", f.run.title(), f.epoch, f.layer)
	case len(f.seen) == 0:
		return Layer{}, refuse(ErrInvalid, "run %s, epoch %d: layer %q: nothing was appended to the frame", f.run.title(), f.epoch, f.layer)
	}
	f.sealed = true
	type row struct {
		at     int
		vector []float32
	}
	rows := make([]row, 0, len(f.seen))
	for _, p := range f.parts {
		for i, at := range p.at {
			rows = append(rows, row{at, p.vectors[i*f.dim : (i+1)*f.dim]})
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return a.at - b.at })
	index := f.run.samples.Load()
	l := Layer{Name: f.layer, Dim: f.dim, IDs: make([]string, len(rows)), Vectors: make([]float32, 0, len(rows)*f.dim)}
	for i, r := range rows {
		l.IDs[i] = index.uids[r.at]
		l.Vectors = append(l.Vectors, r.vector...)
	}
	return l, nil
}

// unseal lets an attempt to store the frame be made again if it failed, and gives the memory back if it did not.
func (f *FrameWriter) unseal(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sealed = err == nil
	if f.sealed {
		f.parts, f.seen = nil, nil
	}
}

// addFrames stores frames that were committed by themselves.
func (r *Run) addFrames(t *txn, e *preparedEpoch) error {
	if len(e.frames) == 0 {
		return nil
	}
	id, err := r.epochRow(t, e.number)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = t.row(insertEpochSQL, r.id, e.number, e.step, t.time, t.seq).Scan(&id)
	case err == nil:
		_, err = t.ExecContext(t.ctx, "UPDATE epoch SET time = ?, seq = ? WHERE id = ?", t.time, t.seq, id)
	}
	if err != nil {
		return err
	}
	for i := range e.frames {
		if _, err := t.ExecContext(t.ctx, "DELETE FROM frame WHERE epoch = ? AND layer = ?", id, e.frames[i].layer); err != nil {
			return err
		}
		if err := r.insertFrame(t, id, e.number, &e.frames[i], r.generation); err != nil {
			return err
		}
	}
	return nil
}
