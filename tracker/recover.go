package tracker

import "runtime/debug"

// guard is deferred by the methods that a training loop calls. It turns a panic into an error, and gives an error to the
// run's OnError, which decides what the caller gets.
func (r *Run) guard(err *error) {
	r.rescue(recover(), err)
	if *err != nil && r != nil {
		*err = r.heed(*err)
	}
}

// caught is deferred by methods whose errors are the caller's to see in any case.
func (r *Run) caught(err *error) { r.rescue(recover(), err) }

func (r *Run) rescue(panicked any, err *error) {
	switch {
	case panicked == nil:
	case r == nil:
		*err = refuse(ErrNoRun, "the Run is nil: look at the error of Start")
	default:
		*err = refuse(ErrPanic, "run %s: logging panicked: %v\n%s", r.title(), panicked, debug.Stack())
	}
}

// heed asks OnError, if there is one, whether to go on after an error: then it returns nil.
func (r *Run) heed(err error) error {
	if r.onError == nil {
		return err
	}
	r.hooked.Lock()
	defer r.hooked.Unlock()
	return r.onError(err)
}
