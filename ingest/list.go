package ingest

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// A list is a JSON array of at most as many elements as its limit says: what a small body can ask to be made of it is
// bounded before it is made.
type list[T any, L limit] struct{ items []T }

// A limit is how many elements a list may have, and what they are.
type limit interface {
	most() (n int, what string)
}

type sampleLimit struct{}

func (sampleLimit) most() (int, string) { return maxSamples, "samples" }

type stepLimit struct{}

func (stepLimit) most() (int, string) { return maxSteps, "metrics" }

// UnmarshalJSON implements [json.Unmarshaler].
func (l *list[T, L]) UnmarshalJSON(b []byte) error {
	var kind L
	most, what := kind.most()
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	d.UseNumber()
	first, err := d.Token()
	if err != nil {
		return err
	}
	if first != json.Delim('[') {
		return invalid("%q must be an array", what)
	}
	for d.More() {
		if len(l.items) == most {
			return refuse(http.StatusRequestEntityTooLarge, "too_many", "%q has more than %d elements: send the rest in further requests", what, most)
		}
		var v T
		if err := d.Decode(&v); err != nil {
			return err
		}
		l.items = append(l.items, v)
	}
	return nil
}
