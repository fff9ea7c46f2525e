package tracker

import (
	"errors"
	"fmt"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// The reasons for which a store refuses. The errors that are returned name the thing and the value and, where there is one,
// the remedy; test for these with [errors.Is].
var (
	ErrNotFound    = refusal.ErrNotFound    // no such run, epoch, layer or sample
	ErrAmbiguous   = refusal.ErrAmbiguous   // several runs or layers answer to the name
	ErrInvalid     = refusal.ErrInvalid     // what was given cannot be stored: wrong shape, NaN, unknown sample, …
	ErrRunExists   = refusal.ErrRunExists   // Start with Resume Never, and the name is taken
	ErrRunActive   = refusal.ErrRunActive   // another writer, alive, has the run
	ErrRunEnded    = refusal.ErrRunEnded    // it was stopped, finished or failed
	ErrSuperseded  = refusal.ErrSuperseded  // another writer resumed the run since
	ErrNoStore     = refusal.ErrNoStore     // the path does not exist
	ErrNotAStore   = refusal.ErrNotAStore   // the path is something else
	ErrNewerSchema = refusal.ErrNewerSchema // written by a later version of this package
	ErrOlderSchema = refusal.ErrOlderSchema // opened read-only, and needs an upgrade first
	ErrReadOnly    = refusal.ErrReadOnly    // opened with ReadOnly
	ErrClosed      = refusal.ErrClosed      // used after Close
	ErrBusy        = refusal.ErrBusy        // another process has been writing for longer than we wait
	ErrCorrupt     = refusal.ErrCorrupt     // a checksum does not match
	ErrNoSpace     = refusal.ErrNoSpace     // the disk is full; what was to be written is not stored
	ErrIO          = refusal.ErrIO          // the disk or the network file system fails
	ErrUnreachable = refusal.ErrUnreachable // PostgreSQL: no connection, or it was lost
	ErrDenied      = refusal.ErrDenied      // PostgreSQL: wrong password, or a role without the right
	ErrNoRun       = refusal.ErrNoRun       // package-level function without Init, or a nil Run
	ErrPanic       = refusal.ErrPanic       // a mistake in this package; the training goes on
)

func refuse(kind error, format string, args ...any) error { return refusal.New(kind, format, args...) }

// A ValueError is an [ErrInvalid] of a single value: without it, the rest could be stored. The methods that log return one
// inside of what they return; use [errors.As].
type ValueError struct {
	Field string // id, label, metadata, thumbnail, prediction, vector, metric or step
	Name  string // of the layer or the metric; otherwise empty
	Index int    // of the sample, the row or the [StepMetrics] in what was given
	ID    string // of the sample, where it is known
	err   error
}

func (e *ValueError) Error() string { return e.err.Error() }
func (e *ValueError) Unwrap() error { return e.err }

// refuseValue refuses a value of the index-th sample or row.
func refuseValue(field string, index int, id, format string, args ...any) error {
	return &ValueError{Field: field, Index: index, ID: id, err: refuse(ErrInvalid, format, args...)}
}

// ofLayer adds a layer's name to an error of one of its values.
func ofLayer(name string, err error) error {
	var v *ValueError
	if errors.As(err, &v) {
		v.Name = name
	}
	return err
}

// What a store refuses because it is too much. A program that must not fail late can check before it logs.
const (
	MaxName   = 200                    // bytes of an experiment, a run's name, a tag, the version of a program or its host
	MaxTags   = 100                    // of a run
	MaxNotes  = 1 << 20                // bytes of a run's notes
	MaxParams = 1 << 20                // bytes of a run's params, as JSON
	MaxText   = 1 << 10                // bytes of a sample's ID, a layer's or a metric's name: PostgreSQL's indexes take no more than twice that
	MaxKey    = 200                    // bytes of [RunConfig].Key and [Batch].Key
	MaxDim    = content.ChunkBytes / 4 // columns of a layer: a chunk holds whole rows
	MaxPixels = 1 << 24                // of a sample's thumbnail, width times height
)

// checkLength refuses a text of more bytes than the most that are allowed.
func checkLength(what, text string, most int) error {
	if len(text) > most {
		return refuse(ErrInvalid, "%s %.40q… has %d bytes, at most %d are allowed", what, text, len(text), most)
	}
	return nil
}

// quoted is a name in a message: the beginning of one that is too long to be one.
func quoted(name string) string {
	if len(name) > MaxText {
		return fmt.Sprintf("%.40q…", name)
	}
	return fmt.Sprintf("%q", name)
}
