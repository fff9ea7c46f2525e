package httpjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/internal/jsontext"
)

// CheckType refuses a request whose body is not said to be JSON. Other sites' forms cannot say so.
func CheckType(r *http.Request) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return Refuse(http.StatusUnsupportedMediaType, "wrong_type", "the body is of type %q: send JSON, as Content-Type: application/json", r.Header.Get("Content-Type"))
	}
	return nil
}

// Incomplete says why a body could not be read to its end.
func Incomplete(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return Refuse(http.StatusBadRequest, "incomplete", "the body could not be read to its end (%v): send the request again", err)
}

// Limit returns the body of a request, of which at most most bytes can be read. One that says that it is longer is refused
// before anybody waits for it.
func Limit(w http.ResponseWriter, r *http.Request, most int64) (io.ReadCloser, error) {
	if r.ContentLength > most {
		return nil, &http.MaxBytesError{Limit: most}
	}
	return http.MaxBytesReader(w, r.Body, most), nil
}

// Read reads a body of at most most bytes as v.
func Read(w http.ResponseWriter, r *http.Request, most int64, v any) error {
	if err := CheckType(r); err != nil {
		return err
	}
	limited, err := Limit(w, r, most)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(limited)
	if err != nil {
		return Incomplete(err)
	}
	if err := Decode(body, v, "the body"); err != nil {
		return err
	}
	return CheckUnicode(body, "the body: ")
}

// Decode reads JSON as v. It is strict: a field that nobody reads is a mistake that would otherwise never show.
func Decode(body []byte, v any, what string) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return Invalid("%s is empty: send a JSON object", what)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	d.UseNumber()
	err := d.Decode(v)
	var r *Refusal
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &r):
		return r
	case errors.As(err, &wrongType):
		return Invalid("%s: %s", what, WrongType(wrongType))
	case errors.As(err, &syntax):
		return Invalid("%s is not JSON: %v, at byte %d", what, err, syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return Invalid("%s is not JSON: it ends too early", what)
	case err != nil:
		return Invalid("%s: %s", what, strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Invalid("%s has more than one JSON value", what)
	}
	return nil
}

// WrongType says which field cannot be what the client sent.
func WrongType(e *json.UnmarshalTypeError) string {
	field := "the whole"
	if e.Field != "" {
		field = strconv.Quote(e.Field)
	}
	return field + " cannot be a " + e.Value
}

// CheckUnicode refuses JSON with text that package json would replace, whereby different texts became the same. A NUL is not
// replaced, and package tracker refuses it where it stands.
func CheckUnicode(body []byte, what string) error {
	if bad, ok := errors.AsType[*jsontext.Error](jsontext.Check(body)); ok && bad.What != jsontext.HasNUL {
		return Invalid("%s%v: send JSON in UTF-8", what, bad)
	}
	return nil
}
