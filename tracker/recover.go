package tracker

import "runtime/debug"

// recoverToOnError is deferred by the methods that a training loop calls. It turns a panic into an error, and gives an error
// to the run's OnError, which decides what the caller gets.
func (r *Run) recoverToOnError(err *error) {
	r.panicToError(recover(), err)
	if *err != nil && r != nil {
		*err = r.onErrorResult(*err)
	}
}

// recoverInto is deferred by methods whose errors are the caller's to see in any case.
func (r *Run) recoverInto(err *error) { r.panicToError(recover(), err) }

func (r *Run) panicToError(panicked any, err *error) {
	switch {
	case panicked == nil:
	case r == nil:
		*err = refuse(ErrNoRun, "the Run is nil: look at the error of Start")
	default:
		*err = refuse(ErrPanic, "run %s: logging panicked: %v\n%s", r.title(), panicked, debug.Stack())
	}
}

// onErrorResult returns what OnError makes of an error, nil to go on; without OnError, the error itself.
func (r *Run) onErrorResult(err error) error {
	if r.onError == nil {
		return err
	}
	r.hooked.Lock()
	defer r.hooked.Unlock()
	return r.onError(err)
}
