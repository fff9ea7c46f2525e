package tracker

import "errors"

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
