// Package refusal holds the reasons for which a store refuses, and makes errors of them.
package refusal

import (
	"errors"
	"fmt"
)

// The reasons; package tracker passes them on, and says what each one means.
var (
	ErrNotFound    = errors.New("not found")
	ErrAmbiguous   = errors.New("ambiguous")
	ErrInvalid     = errors.New("invalid")
	ErrRunExists   = errors.New("run exists")
	ErrRunActive   = errors.New("run is active")
	ErrRunEnded    = errors.New("run has ended")
	ErrSuperseded  = errors.New("run was taken over")
	ErrNoStore     = errors.New("no store")
	ErrNotAStore   = errors.New("not a store")
	ErrNewerSchema = errors.New("newer schema")
	ErrOlderSchema = errors.New("older schema")
	ErrReadOnly    = errors.New("store is read-only")
	ErrClosed      = errors.New("store is closed")
	ErrBusy        = errors.New("store is busy")
	ErrCorrupt     = errors.New("store is corrupt")
	ErrNoSpace     = errors.New("no space left")
	ErrIO          = errors.New("input/output error")
	ErrUnreachable = errors.New("server is away")
	ErrDenied      = errors.New("denied")
	ErrNoRun       = errors.New("no run")
	ErrPanic       = errors.New("logging panicked")
)

// An Error has a message of its own and still answers to errors.Is.
type Error struct {
	kind error
	text string
}

func (e *Error) Error() string { return e.text }
func (e *Error) Unwrap() error { return e.kind }

// New returns an error of a kind, one of those above or one of another package.
func New(kind error, format string, args ...any) error {
	return &Error{kind, fmt.Sprintf(format, args...)}
}
