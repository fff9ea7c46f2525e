package tracker

import (
	"context"
	"errors"
	"strings"
	"time"
)

// endTimeout is for the last write of a run, which an interrupt does not stop.
const endTimeout = 30 * time.Second

// Finish marks the run finished. Like Stop and Fail it writes even when ctx was cancelled, and gives the run up, so that
// it can be resumed. Finishing a finished run does nothing.
func (r *Run) Finish(ctx context.Context) error { return r.end(ctx, Finished, nil) }

// Stop marks the run stopped: interrupted on purpose, to be resumed or not.
func (r *Run) Stop(ctx context.Context) error { return r.end(ctx, Stopped, nil) }

// Fail marks the run failed, for the reason that cause gives.
func (r *Run) Fail(ctx context.Context, cause error) error { return r.end(ctx, Failed, cause) }

func (r *Run) end(ctx context.Context, state State, cause error) (err error) {
	defer r.recoverInto(&err)
	r.ending.Lock()
	defer r.ending.Unlock()
	r.mu.Lock()
	again := r.ended == state
	r.mu.Unlock()
	if again {
		return nil
	}
	var text any
	if cause != nil {
		text = strings.ReplaceAll(strings.ToValidUTF8(cause.Error(), "\ufffd"), "\x00", "\ufffd")
	}
	lost := r.drain(ctx, refuse(ErrRunEnded, "run %s is %s: resume it to write more", r.title(), state))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	err = r.write(ctx, func(t *txn) error {
		if _, err := t.ExecContext(ctx, "UPDATE run SET state = ?, cause = ?, ended = ? WHERE id = ?", state, text, t.time, r.id); err != nil {
			return err
		}
		return r.storeSkipped(t)
	})
	if err != nil && !errors.Is(err, ErrSuperseded) {
		if r.queue != nil {
			r.queue.reopen()
		}
		return errors.Join(lost, err)
	}
	if err == nil {
		r.mu.Lock()
		r.ended, r.skipped = state, nil
		r.mu.Unlock()
	}
	r.store.forget(r)
	r.release()
	return errors.Join(lost, err)
}

// Flush waits until all that was logged before is durable, if the run is Async; otherwise it is already. It returns the
// first error of what was queued; the run then takes no more, and what was queued behind is not written.
func (r *Run) Flush(ctx context.Context) (err error) {
	defer r.recoverInto(&err)
	return r.flush(ctx)
}

func (r *Run) flush(ctx context.Context) error {
	if r.queue == nil {
		return nil
	}
	return r.queue.flush(ctx)
}

// drain takes no more for the queue, for the given reason, and flushes.
func (r *Run) drain(ctx context.Context, reason error) error {
	if r.queue == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	return r.queue.close(ctx, reason)
}

// adopt makes the store answer for a run's heartbeat and lock. It reports false, and gives the run up, if the store was
// closed in the meantime.
func (s *Store) adopt(r *Run) bool {
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.live[r] = struct{}{}
		r.beats.Go(func() { r.beat(ctx) })
	}
	s.mu.Unlock()
	if closed {
		r.release()
	}
	return !closed
}

func (s *Store) forget(r *Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, r)
}

// release ends the heartbeat and gives the lock back.
func (r *Run) release() {
	if r.queue != nil {
		r.queue.stop()
	}
	r.stop()
	r.beats.Wait()
	r.unlock()
}

// beat shows from time to time that the writer is alive, and looks after its lock.
func (r *Run) beat(ctx context.Context) {
	tick := time.NewTicker(r.store.beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !r.heartbeat(ctx) {
				return
			}
		}
	}
}

// heartbeat reports whether the run is still this writer's, as far as is known, and gives its lock up if it is not. Nothing
// relies on it: an error only means that the display is late, and a mistake in it must not end the training.
func (r *Run) heartbeat(ctx context.Context) (mine bool) {
	defer func() { mine = mine || recover() != nil }()
	const query = "UPDATE run SET seen = ? WHERE id = ? AND generation = ? AND state = 'running'"
	res, err := r.store.db.ExecOutside(ctx, query, r.store.now().UnixMicro(), r.id, r.generation)
	if err == nil {
		if n, err := res.RowsAffected(); n == 0 && err == nil {
			r.unlock()
			return false
		}
	}
	r.store.db.KeepLocks(ctx)
	return true
}

// released is what a run that was given up is to its old writer.
const released State = "given up"

// Release gives the run up without ending it: it stays running, and anybody can resume it at once. What this Run is asked
// to write from then on is refused with [ErrRunEnded]. What an Async run has queued is written first; [Run.Flush] before
// tells whether that can be done.
func (r *Run) Release() {
	r.ending.Lock()
	defer r.ending.Unlock()
	r.mu.Lock()
	again := r.ended != ""
	r.mu.Unlock()
	if again {
		return
	}
	r.drain(context.Background(), refuse(ErrRunEnded, "run %s is %s: resume it to write more", r.title(), released))
	r.mu.Lock()
	r.ended = released
	r.mu.Unlock()
	r.store.forget(r)
	r.release()
}
