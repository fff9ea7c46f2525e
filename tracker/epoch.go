package tracker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// An Epoch is all that is logged of one training epoch.
type Epoch struct {
	Number  int // 0: before training
	Step    int // the optimiser's step at the end of the epoch; optional
	Layers  []Layer
	Frames  []*FrameWriter // layers whose vectors came in parts; instead of their Commit, if the epoch is to be whole or not at all
	Outputs *Outputs       // optional
	Metrics Metrics        // optional
}

// Log writes one epoch, whole or not at all, and returns when it is durable: it then survives the death of the process and
// the loss of power. The same number again replaces the epoch, with its vectors, outputs and metrics; epochs may come in any
// order. Log returns [ErrInvalid] for what cannot be stored. The slices are not kept, and must not change before Log returns.
func (r *Run) Log(ctx context.Context, e Epoch) (err error) {
	defer r.recoverToOnError(&err)
	return r.log(ctx, Batch{Epochs: []Epoch{e}})
}

// A preparedEpoch has passed every check that needs no database.
type preparedEpoch struct {
	number, step int
	frames       []preparedFrame
	skipped      []preparedFrame // by [RunConfig].Every
	apart        bool            // frames that are committed by themselves, to an epoch that keeps what it has
	outputs      *Outputs
	samples      []int64 // sample.id of each row of the outputs
	metrics      Metrics
}

func (r *Run) prepareEpochs(index *sampleIndex, epochs []Epoch) ([]preparedEpoch, error) {
	list := make([]preparedEpoch, len(epochs))
	for i, e := range epochs {
		var err error
		if list[i], err = r.prepareEpoch(index, e); err != nil {
			return nil, fmt.Errorf("run %s, epoch %d: %w", r.title(), e.Number, err)
		}
	}
	return list, nil
}

func (r *Run) prepareEpoch(index *sampleIndex, e Epoch) (p preparedEpoch, err error) {
	if e.Number < 0 || e.Step < 0 {
		return p, refuse(ErrInvalid, "number %d, step %d: neither may be negative", e.Number, e.Step)
	}
	p = preparedEpoch{number: e.Number, step: e.Step, outputs: e.Outputs, metrics: e.Metrics}
	for i, l := range e.Layers {
		for _, other := range e.Layers[:i] {
			if other.Name == l.Name {
				return p, refuse(ErrInvalid, "layer %s is given twice", quoted(l.Name))
			}
		}
		f, err := prepareFrame(index, l, r.as)
		if err != nil {
			return p, fmt.Errorf("layer %s: %w", quoted(l.Name), ofLayer(l.Name, err))
		}
		if r.Keeps(e.Number) {
			p.frames = append(p.frames, f)
		} else {
			p.skipped = append(p.skipped, f)
		}
	}
	if e.Outputs != nil {
		if p.samples, err = prepareOutputs(index, e.Outputs); err != nil {
			return p, fmt.Errorf("outputs: %w", err)
		}
	}
	return p, e.Metrics.check()
}

// Keeps reports whether the vectors of an epoch are stored whatever follows, so that a loop need not embed the samples if they
// are not: those of the training's last epoch should be logged all the same. See [RunConfig].Every.
func (r *Run) Keeps(epoch int) bool { return r.every <= 1 || epoch%r.every == 0 }

func (r *Run) insertEpoch(t *txn, e *preparedEpoch) error {
	for _, f := range e.skipped {
		if err := r.checkDim(t.ctx, t.Tx, f.layer, e.number, f.dim); err != nil {
			return err
		}
	}
	if e.apart {
		return r.addFrames(t, e)
	}
	id, err := r.replaceEpoch(t, e)
	if err != nil {
		return err
	}
	for i := range e.frames {
		if err := r.insertFrame(t, id, e.number, &e.frames[i], nil); err != nil {
			return err
		}
	}
	if err := insertOutputs(t, id, e.samples, e.outputs); err != nil {
		return err
	}
	return r.insertMetrics(t, e.metrics, e.step, e.number)
}

// replaceEpoch returns the id of the epoch's row, on which nothing hangs but the frames of other layers that this writer has
// committed since it last logged the epoch.
func (r *Run) replaceEpoch(t *txn, e *preparedEpoch) (id int64, err error) {
	id, err = r.epochRow(t, e.number)
	if errors.Is(err, sql.ErrNoRows) {
		err = t.row(insertEpochSQL, r.id, e.number, e.step, t.time, t.seq).Scan(&id)
		return id, err
	}
	if err != nil {
		return 0, err
	}
	for _, f := range e.frames {
		if _, err := t.ExecContext(t.ctx, "DELETE FROM frame WHERE epoch = ? AND layer = ?", id, f.layer); err != nil {
			return 0, err
		}
	}
	for _, q := range []struct {
		query string
		args  []any
	}{
		{"DELETE FROM frame WHERE epoch = ? AND (apart IS NULL OR apart <> ?)", []any{id, r.generation}},
		{"UPDATE frame SET apart = NULL WHERE epoch = ?", []any{id}},
		{"DELETE FROM output WHERE epoch = ?", []any{id}},
		{"DELETE FROM metric WHERE run = ? AND epoch = ? AND origin = 'epoch'", []any{r.id, e.number}},
		{"UPDATE epoch SET step = ?, time = ?, seq = ? WHERE id = ?", []any{e.step, t.time, t.seq, id}},
	} {
		if _, err := t.ExecContext(t.ctx, q.query, q.args...); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// TruncateAfter removes every epoch with a number above epoch, and every metric logged since that epoch ended. A training
// that goes back to a checkpoint calls it first, so that nothing is left of what it is about to do again.
func (r *Run) TruncateAfter(ctx context.Context, epoch int) (err error) {
	defer r.recoverToOnError(&err)
	if err := r.flush(ctx); err != nil {
		return err
	}
	err = r.write(ctx, func(t *txn) error {
		for _, q := range []struct {
			query string
			args  []any
		}{
			{"DELETE FROM epoch WHERE run = ? AND number > ?", []any{r.id, epoch}},
			{"DELETE FROM metric WHERE run = ? AND epoch > ?", []any{r.id, epoch}},
			{"UPDATE run SET cut = ? WHERE id = ?", []any{t.seq, r.id}},
		} {
			if _, err := t.ExecContext(t.ctx, q.query, q.args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.train(max(epoch, 0) + 1)
	r.forgetSkipped(epoch)
	return nil
}

// EpochInfo is an epoch of a run, without its content.
type EpochInfo struct {
	Number int
	Step   int
	Time   time.Time // when it was logged
	Seq    int64     // grows at every write in the store, so that a replaced epoch has a new one
}

// Epochs returns the epochs of a run, by number.
func (s *Store) Epochs(ctx context.Context, run string) ([]EpochInfo, error) {
	var list []EpochInfo
	err := s.Read(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, "SELECT number, step, time, seq FROM epoch WHERE run = ? ORDER BY number", r.id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e EpochInfo
			var at int64
			if err := rows.Scan(&e.Number, &e.Step, &at, &e.Seq); err != nil {
				return err
			}
			e.Time = time.UnixMicro(at)
			list = append(list, e)
		}
		return rows.Err()
	})
	return list, err
}

// epochRow returns the id of an epoch of the run, or sql.ErrNoRows.
func (r *Run) epochRow(t *txn, number int) (id int64, err error) {
	id, err = lookUpEpoch(t.row(findEpochSQL, r.id, number), r.id, number)
	return id, named(runRow{experiment: r.experiment, name: r.name}, err)
}

// lookUpEpoch takes the answer to findEpochSQL, which is another epoch's where an index leads astray.
func lookUpEpoch(row *sql.Row, run int64, number int) (id int64, err error) {
	var itsRun int64
	var itsNumber int
	err = row.Scan(&id, &itsRun, &itsNumber)
	if err == nil && (itsRun != run || itsNumber != number) {
		err = refuse(ErrCorrupt, "epoch %d: an index of the store leads to another epoch: 'zoetrope doctor' tells what can be read of it", number)
	}
	return id, err
}

// named names the run in an error of something of its that is damaged.
func named(r runRow, err error) error {
	if errors.Is(err, ErrCorrupt) {
		return fmt.Errorf("run %s, %w", r.title(), err)
	}
	return err
}

// findEpoch returns the id of an epoch of a run.
func findEpoch(ctx context.Context, tx *Tx, r runRow, number int) (id int64, err error) {
	id, err = lookUpEpoch(tx.QueryRowContext(ctx, findEpochSQL, r.id, number), r.id, number)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, named(r, err)
	}
	var n int
	var first, last sql.NullInt64
	if err := tx.QueryRowContext(ctx, "SELECT count(*), min(number), max(number) FROM epoch WHERE run = ?", r.id).Scan(&n, &first, &last); err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, refuse(ErrNotFound, "run %s has no epoch %d: it has none yet", r.title(), number)
	}
	return 0, refuse(ErrNotFound, "run %s has no epoch %d: it has %d, from %d to %d", r.title(), number, n, first.Int64, last.Int64)
}
