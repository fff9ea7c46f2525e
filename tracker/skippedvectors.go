package tracker

import (
	"bytes"
	"database/sql"
	"errors"
	"slices"
)

// A skippedEpoch holds the vectors of an epoch that [RunConfig].Every skips. They are stored after all if the run ends and no
// later epoch has vectors: people look first at how a training ended.
type skippedEpoch struct {
	number int
	frames []skippedFrame
}

// A skippedFrame is a frame of a skippedEpoch. apart is that of preparedEpoch.
type skippedFrame struct {
	preparedFrame
	apart bool
}

// holdSkipped keeps in memory the vectors that were not stored of an epoch that has been written. Only the last epoch with
// vectors counts; a frame of it that is logged again replaces the earlier one, as in the store. owned says that the vectors
// belong to the run already.
func (r *Run) holdSkipped(e *preparedEpoch, owned bool) {
	if r.every <= 1 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.skipped
	if last == nil || last.number < e.number {
		if len(e.frames)+len(e.skipped) == 0 {
			return
		}
		last = &skippedEpoch{number: e.number}
		r.skipped = last
	}
	if last.number > e.number {
		return
	}
	if !e.apart { // the epoch as a whole
		last.frames = slices.DeleteFunc(last.frames, func(f skippedFrame) bool { return !f.apart })
		for i := range last.frames {
			last.frames[i].apart = false
		}
	}
	for _, f := range e.skipped {
		last.frames = slices.DeleteFunc(last.frames, func(other skippedFrame) bool { return other.layer == f.layer })
		if !owned {
			f.samples, f.chunks = slices.Clone(f.samples), slices.Clone(f.chunks)
			f.own()
		}
		last.frames = append(last.frames, skippedFrame{f, e.apart})
	}
}

// own copies the vectors that are the caller's, and returns how many bytes the frame takes.
func (f *preparedFrame) own() int {
	cost := 8 * len(f.samples)
	for i := range f.chunks {
		c := &f.chunks[i]
		if f.as.Aliases() { // otherwise it is a copy already
			c.Data = bytes.Clone(c.Data)
		}
		cost += len(c.Data) + len(c.Norms)
	}
	return cost
}

// forgetSkipped drops the vectors held of an epoch with a number above epoch.
func (r *Run) forgetSkipped(epoch int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.skipped != nil && r.skipped.number > epoch {
		r.skipped = nil
	}
}

// storeSkipped stores the vectors that are held, unless a later epoch has vectors.
func (r *Run) storeSkipped(t *txn) error {
	r.mu.Lock()
	last := r.skipped
	r.mu.Unlock()
	if last == nil || len(last.frames) == 0 {
		return nil
	}
	var later int
	const query = "SELECT count(*) FROM epoch e JOIN frame f ON f.epoch = e.id WHERE e.run = ? AND e.number > ?"
	if err := t.row(query, r.id, last.number).Scan(&later); err != nil || later > 0 {
		return err
	}
	id, err := r.epochRow(t, last.number)
	switch {
	case errors.Is(err, sql.ErrNoRows): // only frames came, by Commit
		err = t.row(insertEpochSQL, r.id, last.number, 0, t.time, t.seq).Scan(&id)
	case err == nil:
		err = t.exec("UPDATE epoch SET seq = ? WHERE id = ?", t.seq, id)
	}
	if err != nil {
		return err
	}
	for i := range last.frames {
		f := &last.frames[i]
		var apart any
		if f.apart {
			apart = r.generation
		}
		if err := t.exec("DELETE FROM frame WHERE epoch = ? AND layer = ?", id, f.layer); err != nil { // Finish after a Finish that failed in between
			return err
		}
		if err := r.insertFrame(t, id, last.number, &f.preparedFrame, apart); err != nil {
			return err
		}
	}
	return nil
}
