package tracker

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
)

const (
	defaultQueue = 64 << 20 // bytes
	groupBytes   = 8 << 20  // of what is written in one transaction
)

// A queue holds what a run with Async has still to write, in order. One goroutine writes it.
type queue struct {
	run   *Run
	limit int64 // bytes
	done  chan struct{}

	mu      sync.Mutex
	waiting []*pending
	bytes   int64         // waiting and in the transaction
	taken   int           // writes that were accepted, ever
	settled int           // of them, those that are durable, or lost
	err     error         // of the first write that was lost; nothing is accepted after it
	closed  error         // why nothing is accepted any more
	changed chan struct{} // closed, and replaced, at every change
}

func newQueue(r *Run, limit int64) *queue {
	q := &queue{run: r, limit: limit, done: make(chan struct{}), changed: make(chan struct{})}
	go q.work()
	return q
}

// signal wakes all who wait for a change. q.mu must be held.
func (q *queue) signal() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// put waits until there is room, and accepts the write.
func (q *queue) put(ctx context.Context, w *pending) error {
	cost := w.own()
	for {
		q.mu.Lock()
		if err := ctx.Err(); err != nil || q.err != nil || q.closed != nil {
			defer q.mu.Unlock()
			return cmp.Or(q.err, q.closed, err)
		}
		if q.bytes == 0 || q.bytes+cost <= q.limit {
			q.waiting = append(q.waiting, w)
			q.bytes += cost
			q.taken++
			q.signal()
			q.mu.Unlock()
			return nil
		}
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// flush waits until all that was accepted before is durable, and returns the error of the first write that is not.
func (q *queue) flush(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for target := q.taken; q.settled < target && q.err == nil; {
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-ctx.Done():
			q.mu.Lock()
			return fmt.Errorf("run %s: %d writes are still queued: %w", q.run.title(), target-q.settled, ctx.Err())
		case <-changed:
			q.mu.Lock()
		}
	}
	return q.err
}

// close accepts no more, for the given reason, and flushes.
func (q *queue) close(ctx context.Context, reason error) error {
	q.mu.Lock()
	if q.closed == nil {
		q.closed = reason
		q.signal()
	}
	q.mu.Unlock()
	return q.flush(ctx)
}

// reopen takes back a close whose reason did not come true.
func (q *queue) reopen() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = nil
}

// stop ends the goroutine when it has written what is waiting.
func (q *queue) stop() {
	q.mu.Lock()
	q.limit = -1
	q.signal()
	q.mu.Unlock()
	<-q.done
}

func (q *queue) work() {
	defer close(q.done)
	for {
		q.mu.Lock()
		for len(q.waiting) == 0 {
			if q.limit < 0 {
				q.mu.Unlock()
				return
			}
			changed := q.changed
			q.mu.Unlock()
			<-changed
			q.mu.Lock()
		}
		group, size := q.group()
		q.mu.Unlock()
		err := q.write(group)
		q.mu.Lock()
		q.bytes -= size
		q.settled += len(group)
		if err != nil {
			q.err = err
			q.settled, q.waiting, q.bytes = q.taken, nil, 0
		}
		q.signal()
		q.mu.Unlock()
	}
}

// group takes the writes that go into the next transaction: one, and those behind it as long as they are small together.
func (q *queue) group() (group []*pending, size int64) {
	for len(group) < len(q.waiting) {
		cost := q.waiting[len(group)].cost
		if len(group) > 0 && size+cost > groupBytes {
			break
		}
		group, size = q.waiting[:len(group)+1], size+cost
	}
	q.waiting = slices.Clone(q.waiting[len(group):])
	return group, size
}

// write stores a group, in one transaction or, if that is refused, each by itself. It returns the first error after which
// the run is not to go on.
func (q *queue) write(group []*pending) error {
	ctx := context.Background()
	if len(group) > 1 && q.run.applyAll(ctx, group) == nil {
		return nil
	}
	for _, w := range group {
		if err := q.run.applyAll(ctx, []*pending{w}); err != nil {
			if err = q.run.onErrorResult(err); err != nil {
				return err
			}
		}
	}
	return nil
}

// own copies what belongs to the caller, who may change it when the call has returned, and returns how many bytes wait.
func (w *pending) own() int64 {
	w.Batch = Batch{Metrics: slices.Clone(w.Metrics)}
	cost := 1024
	for i := range w.Metrics {
		w.Metrics[i].Values = maps.Clone(w.Metrics[i].Values)
		cost += 64 * len(w.Metrics[i].Values)
	}
	for i := range w.epochs {
		e := &w.epochs[i]
		for j := range e.frames {
			cost += e.frames[j].own()
		}
		for j := range e.skipped {
			cost += e.skipped[j].own()
		}
		if o := e.outputs; o != nil {
			e.outputs = &Outputs{Predictions: slices.Clone(o.Predictions), Losses: slices.Clone(o.Losses), Confidences: slices.Clone(o.Confidences)}
			cost += 32 * len(e.samples)
		}
		e.metrics = maps.Clone(e.metrics)
		cost += 64 * len(e.metrics)
	}
	w.cost = int64(cost)
	return w.cost
}
