package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/jsontext"
)

// A call is a request whose body, JSON, has been read.
type call struct {
	r    *http.Request
	body []byte
	key  string // of idempotency; empty without one
	from string // the client; empty where it does not say
	hash [sha256.Size]byte
}

func (c *call) ctx() context.Context { return c.r.Context() }

// storeKey is the key of what a call writes, in the store, where all kinds of writes to a run share their keys.
func (c *call) storeKey(kind string) string {
	if c.key == "" {
		return ""
	}
	return kind + " " + c.key
}

// run is the run that the path names.
func (c *call) run() string { return c.r.PathValue("run") }

// An action answers a call with a status and what becomes the JSON of the body.
type action func(c *call) (status int, v any, err error)

// json returns a handler for an action.
func (h *Handler) json(do action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, free, err := h.read(w, r)
		if err != nil {
			h.explain(w, r, err)
			return
		}
		defer free()
		h.heard(c)
		status, v, err := h.answers.once(c, do)
		if err != nil {
			h.explain(w, r, err)
			return
		}
		answer(w, r, status, v)
	}
}

// read takes the body of a request in, and memory for it: free must be called.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (c *call, free func(), err error) {
	key, err := keyOf(r)
	if err != nil {
		return nil, nil, err
	}
	from, err := clientOf(r)
	if err != nil {
		return nil, nil, err
	}
	if err := checkEncoding(r); err != nil {
		return nil, nil, err
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.ContentLength != 0 && (err != nil || kind != "application/json") {
		return nil, nil, refuse(http.StatusUnsupportedMediaType, "wrong_type", "the body is of type %q: send JSON, as Content-Type: application/json", r.Header.Get("Content-Type"))
	}
	if r.ContentLength > maxJSON {
		return nil, nil, toRefusal(&http.MaxBytesError{Limit: maxJSON})
	}
	body, taken, err := h.readAll(http.MaxBytesReader(w, r.Body, maxJSON))
	if err != nil {
		return nil, nil, err
	}
	c = &call{r: r, body: body, key: key, from: from}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s\n", r.Method, r.URL.EscapedPath())
	sum.Write(body)
	sum.Sum(c.hash[:0])
	return c, func() { h.reading.give(taken) }, nil
}

// heard notes who writes the run that the path names.
func (h *Handler) heard(c *call) {
	if c.run() == "" || c.from == "" {
		return
	}
	if w, err := h.find(c.ctx(), c.run()); err == nil {
		w.by.hear(c.from, time.Now())
	}
}

// perByte is how much memory a byte of JSON takes: itself, and about three times that for what it says.
const perByte = 4

// readAll reads a body, and takes memory for it as it comes in.
func (h *Handler) readAll(r io.Reader) (body []byte, taken int64, err error) {
	defer func() {
		if err != nil {
			h.reading.give(taken)
		}
	}()
	for {
		if len(body) == cap(body) {
			more := max(4<<10, cap(body))
			if err := h.reading.take(perByte * int64(more)); err != nil {
				return nil, taken, err
			}
			taken += perByte * int64(more)
			body = append(make([]byte, 0, cap(body)+more), body...)
		}
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			return body, taken, nil
		}
		if err != nil {
			return nil, taken, unread(err)
		}
	}
}

// unread says why a body could not be read to its end.
func unread(err error) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return err
	}
	return refuse(http.StatusBadRequest, "incomplete", "the body could not be read to its end (%v): send the request again", err)
}

func keyOf(r *http.Request) (string, error) {
	key := r.Header.Get("Idempotency-Key")
	if len(key) > maxKey || strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return "", invalid("Idempotency-Key: must be at most %d bytes of printable ASCII", maxKey)
	}
	return key, nil
}

func checkEncoding(r *http.Request) error {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return refuse(http.StatusUnsupportedMediaType, "wrong_type", "Content-Encoding %q is not read: send the body as it is", e)
	}
	return nil
}

// decode reads the body as v. It is strict: a field that nobody reads is a mistake that would otherwise never show.
func (c *call) decode(v any) error {
	if err := c.decodeParts(v); err != nil {
		return err
	}
	return c.checkUnicode()
}

// checkUnicode refuses a body with text that is none.
func (c *call) checkUnicode() error { return checkUnicode(c.body, "the body: ") }

// decodeParts is decode for a body of which parts are read later, and told apart when they are refused: checkUnicode is
// due after them.
func (c *call) decodeParts(v any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return invalid("the body is empty: send a JSON object")
	}
	return decodeStrictly(c.body, v, "the body")
}

// decodeOptional is decode for a body that may be absent, and in which text may be damaged: that a run has failed is worth
// more than how the cause is spelled.
func (c *call) decodeOptional(v any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	return c.decodeParts(v)
}

// checkUnicode refuses JSON with text that package json would replace, whereby different texts became the same. A NUL is not
// replaced, and package tracker refuses it where it stands.
func checkUnicode(body []byte, what string) error {
	if bad, ok := errors.AsType[*jsontext.Error](jsontext.Check(body)); ok && bad.What != jsontext.HasNUL {
		return invalid("%s%v: send JSON in UTF-8", what, bad)
	}
	return nil
}

func decodeStrictly(body []byte, v any, what string) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	d.UseNumber()
	err := d.Decode(v)
	var r *refusal
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &r):
		return r
	case errors.As(err, &wrongType):
		return invalid("%s: %s cannot be a %s", what, fieldOf(wrongType), wrongType.Value)
	case errors.As(err, &syntax):
		return invalid("%s is not JSON: %v, at byte %d", what, err, syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return invalid("%s is not JSON: it ends too early", what)
	case err != nil:
		return invalid("%s: %s", what, strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid("%s has more than one JSON value", what)
	}
	return nil
}

func fieldOf(e *json.UnmarshalTypeError) string {
	if e.Field == "" {
		return "the whole"
	}
	return strconv.Quote(e.Field)
}

// whole reads a whole number from 0 up, of the path or the query.
func whole(name, text string, below int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n >= below {
		return 0, invalid("%s = %.40q, want a whole number from 0 to %d", name, text, below-1)
	}
	return n, nil
}

// checkText refuses texts that are longer than a page could show. Package tracker checks the rest.
func checkText(what, text string) error {
	if len(text) > maxText {
		return invalid("%s %.40q… has %d bytes, at most %d are allowed", what, text, len(text), maxText)
	}
	return nil
}
