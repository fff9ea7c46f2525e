package tracker

// released is what a run that was given up is to its old writer.
const released State = "given up"

// Release gives the run up without ending it: it stays running, and anybody can resume it at once. What this Run is asked
// to write from then on is refused with [ErrRunEnded].
func (r *Run) Release() {
	r.ending.Lock()
	defer r.ending.Unlock()
	r.mu.Lock()
	again := r.ended != ""
	if !again {
		r.ended = released
	}
	r.mu.Unlock()
	if again {
		return
	}
	r.store.forget(r)
	r.release()
}
