package tracker

import (
	"errors"
	"fmt"
)

// The reasons for which a store refuses. The errors that are returned name the thing and the value and, where there is one,
// the remedy; test for these with [errors.Is].
var (
	ErrNotFound    = errors.New("not found")          // no such run, epoch, layer or sample
	ErrAmbiguous   = errors.New("ambiguous")          // several runs or layers answer to the name
	ErrInvalid     = errors.New("invalid")            // what was given cannot be stored: wrong shape, NaN, unknown sample, …
	ErrRunExists   = errors.New("run exists")         // Start with Resume Never, and the name is taken
	ErrRunActive   = errors.New("run is active")      // another writer, alive, has the run
	ErrRunEnded    = errors.New("run has ended")      // it was stopped, finished or failed
	ErrSuperseded  = errors.New("run was taken over") // another writer resumed the run since
	ErrNoStore     = errors.New("no store")           // the path does not exist
	ErrNotAStore   = errors.New("not a store")        // the path is something else
	ErrNewerSchema = errors.New("newer schema")       // written by a later version of this package
	ErrOlderSchema = errors.New("older schema")       // opened read-only, and needs an upgrade first
	ErrReadOnly    = errors.New("store is read-only") // opened with ReadOnly
	ErrClosed      = errors.New("store is closed")    // used after Close
	ErrBusy        = errors.New("store is busy")      // another process has been writing for longer than we wait
	ErrCorrupt     = errors.New("store is corrupt")   // a checksum does not match
	ErrNoSpace     = errors.New("no space left")      // the disk is full; what was to be written is not stored
	ErrIO          = errors.New("input/output error") // the disk or the network file system fails
	ErrUnreachable = errors.New("server is away")     // PostgreSQL: no connection, or it was lost
	ErrDenied      = errors.New("denied")             // PostgreSQL: wrong password, or a role without the right
	ErrNoRun       = errors.New("no run")             // package-level function without Init, or a nil Run
	ErrPanic       = errors.New("logging panicked")   // a mistake in this package; the training goes on
)

// A refusal is an error with a message of its own that still answers to errors.Is.
type refusal struct {
	kind error
	text string
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.kind }

func refuse(kind error, format string, args ...any) error {
	return &refusal{kind, fmt.Sprintf(format, args...)}
}
