package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
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
func (l *list[T, L]) UnmarshalJSON(b []byte) (err error) {
	var kind L
	most, what := kind.most()
	l.items, err = elements[T](b, what, "", most)
	return err
}

// column reads a JSON array with an element for each sample: what says which of a request, field what its elements are.
// It is nil where the request has none.
func column[T any](b json.RawMessage, what, field string) ([]T, error) {
	if len(b) == 0 || string(b) == "null" {
		return nil, nil
	}
	return elements[T](b, what, field, len(b))
}

// elements reads a JSON array of at most so many elements. What is wrong with one of them says which it is.
func elements[T any](b []byte, what, field string, most int) ([]T, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	d.UseNumber()
	first, err := d.Token()
	if err != nil {
		return nil, err
	}
	if first != json.Delim('[') {
		return nil, httpjson.Invalid("%q must be an array", what)
	}
	items := []T{}
	for d.More() {
		if len(items) == most {
			return nil, httpjson.Refuse(http.StatusRequestEntityTooLarge, "too_many", "%q has more than %d elements: send the rest in further requests", what, most)
		}
		var v T
		if err := d.Decode(&v); err != nil {
			return nil, inElement(err, what, httpjson.Place{Field: field, Index: len(items)})
		}
		items = append(items, v)
	}
	return items, nil
}

// inElement says which element of a list the decoder's error is of.
func inElement(err error, what string, at httpjson.Place) error {
	text := strings.TrimPrefix(err.Error(), "json: ")
	var r *httpjson.Refusal
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &r) && r.At != nil:
		at.Field, at.Name = r.At.Field, r.At.Name
	case errors.As(err, &wrongType):
		at.Field = wrongType.Field
		text = httpjson.WrongType(wrongType)
	}
	return httpjson.InvalidAt(at, "element %d of %q: %s", at.Index, what, text)
}
