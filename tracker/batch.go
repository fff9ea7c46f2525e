package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// A Batch is several writes to a run that are made as one: all of them are stored, or none.
type Batch struct {
	Samples []Sample      // see [Run.AddSamples]; the batch's epochs may use them already
	Metrics []StepMetrics // see [Run.LogMetrics]; they belong to the epoch that is in training before those of the batch
	Epochs  []Epoch       // see [Run.Log]

	// Key names the write, if the caller may have to do it again because it cannot know whether it was done: a client that
	// got no answer. The run keeps the key in the same transaction, for 30 days at least; the same batch under the same key
	// is stored once and gets the first answer again. Another batch under that key is refused with [ErrInvalid].
	Key string
}

// StepMetrics are metrics at a step, between two epochs.
type StepMetrics struct {
	Step   int
	Values Metrics
}

// A Receipt says what [Run.Write] has stored.
type Receipt struct {
	Seq      int64 `json:"seq"`     // the store's clock, as in [EpochInfo]
	Added    int   `json:"added"`   // samples that the run did not have
	Samples  int   `json:"samples"` // that the run has now
	Repeated bool  `json:"-"`       // stored before, under the same key; the rest is what was answered then
}

// Write stores a batch and returns when it is durable, also where the run is Async: it then first waits for what is queued.
func (r *Run) Write(ctx context.Context, b Batch) (receipt Receipt, err error) {
	defer r.recoverToOnError(&err)
	if err := r.flush(ctx); err != nil {
		return receipt, err
	}
	err = r.submit(ctx, b, func(w *pending) error {
		receipt, err = r.apply(ctx, w)
		return err
	})
	return receipt, err
}

// log stores a batch, or queues it if the run is Async.
func (r *Run) log(ctx context.Context, b Batch) error {
	return r.submit(ctx, b, func(w *pending) error { return r.dispatch(ctx, w) })
}

// submit checks a batch and has it stored by f.
func (r *Run) submit(ctx context.Context, b Batch, f func(w *pending) error) (err error) {
	b.Epochs = slices.Clone(b.Epochs)
	for i := range b.Epochs {
		e := &b.Epochs[i]
		e.Layers = slices.Clip(e.Layers)
		for _, w := range e.Frames {
			if w == nil {
				return errNoFrame()
			}
			if w.lost {
				continue
			}
			var l Layer
			if l, err = w.layerOf(r, e.Number); err != nil {
				return err
			}
			defer func() { w.unseal(err) }()
			e.Layers = append(e.Layers, l)
		}
	}
	w, err := r.prepare(b)
	if err != nil {
		return err
	}
	return f(w)
}

// dispatch stores what is pending, or queues it if the run is Async.
func (r *Run) dispatch(ctx context.Context, w *pending) error {
	if r.queue == nil {
		_, err := r.apply(ctx, w)
		return err
	}
	if err := r.queue.put(ctx, w); err != nil {
		return err
	}
	r.advance(w)
	return nil
}

// A pending write is a batch that has passed every check that needs no database.
type pending struct {
	Batch
	digest   []byte // of the batch, if it has a key
	refused  error  // of the batch, if it has a key: what was fine at the first time may not be now
	samples  []content.SampleRow
	epochs   []preparedEpoch
	training int   // the epoch that the batch's metrics belong to
	cost     int64 // bytes, in a queue
}

func (r *Run) prepare(b Batch) (w *pending, err error) {
	w = &pending{Batch: b, training: r.training()}
	if b.Key != "" {
		if !content.Storable(b.Key) || len(b.Key) > MaxKey {
			return nil, refuse(ErrInvalid, "run %s: key %.40q: must be text of at most %d bytes", r.title(), b.Key, MaxKey)
		}
		w.digest = digest(b)
	}
	if w.samples, err = encodeSamples(b.Samples); err != nil {
		return nil, fmt.Errorf("run %s: %w", r.title(), err)
	}
	for i, m := range b.Metrics {
		if err := m.check(); err != nil {
			var v *ValueError
			if errors.As(err, &v) {
				v.Index = i
			}
			return nil, fmt.Errorf("run %s, step %d: %w", r.title(), m.Step, err)
		}
	}
	if len(b.Samples) > 0 { // the epochs may use them: later
		return w, nil
	}
	w.epochs, err = r.prepareEpochs(r.samples.Load(), b.Epochs)
	if b.Key != "" {
		w.refused, err = err, nil
	}
	return w, err
}

// apply stores what is pending in one transaction.
func (r *Run) apply(ctx context.Context, w *pending) (receipt Receipt, err error) {
	if len(w.samples) > 0 {
		r.adding.Lock()
		defer r.adding.Unlock()
	}
	index := r.samples.Load()
	err = r.write(ctx, func(t *txn) error {
		if known, err := r.recall(t, w, &receipt); known || err != nil {
			return err
		}
		if w.refused != nil {
			return w.refused
		}
		receipt.Seq = t.seq
		if len(w.samples) > 0 {
			if index, receipt.Added, err = r.addSamples(t, index, w.samples); err != nil {
				return err
			}
			if w.epochs, err = r.prepareEpochs(index, w.Epochs); err != nil {
				return err
			}
		}
		receipt.Samples = len(index.rows)
		if err := r.insert(t, w); err != nil {
			return err
		}
		return r.remember(t, w, receipt)
	})
	if err != nil {
		return Receipt{}, err
	}
	if receipt.Repeated {
		return receipt, nil
	}
	if len(w.samples) > 0 {
		r.samples.Store(index)
	}
	r.advance(w)
	for i := range w.epochs {
		r.holdSkipped(&w.epochs[i], false)
	}
	return receipt, nil
}

// applyAll stores metrics and epochs of several writes, which own what they hold, in one transaction.
func (r *Run) applyAll(ctx context.Context, list []*pending) (err error) {
	defer r.recoverInto(&err)
	if err := r.write(ctx, func(t *txn) error { return r.insert(t, list...) }); err != nil {
		return err
	}
	for _, w := range list {
		for i := range w.epochs {
			r.holdSkipped(&w.epochs[i], true)
		}
	}
	return nil
}

func (r *Run) insert(t *txn, list ...*pending) error {
	if err := r.upsertMetrics(t, list); err != nil {
		return err
	}
	for _, w := range list {
		for i := range w.epochs {
			if err := r.insertEpoch(t, &w.epochs[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// advance notes which epoch is in training after a write.
func (r *Run) advance(w *pending) {
	if n := len(w.epochs); n > 0 && !w.epochs[n-1].apart {
		r.train(w.epochs[n-1].number + 1)
	}
}
