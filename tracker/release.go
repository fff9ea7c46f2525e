package tracker

import "context"

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
