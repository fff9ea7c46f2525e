package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
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
			httpjson.Explain(w, r, err, h.log)
			return
		}
		defer free()
		h.heard(c)
		status, v, err := h.idempotency.once(c, do)
		if err != nil {
			httpjson.Explain(w, r, err, h.log)
			return
		}
		httpjson.Write(w, r, status, v)
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
	if r.ContentLength != 0 {
		if err := httpjson.CheckType(r); err != nil {
			return nil, nil, err
		}
	}
	limited, err := httpjson.Limit(w, r, maxJSON)
	if err != nil {
		return nil, nil, err
	}
	body, taken, err := h.readAll(limited)
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
			return nil, taken, httpjson.Incomplete(err)
		}
	}
}

func keyOf(r *http.Request) (string, error) {
	key := r.Header.Get("Idempotency-Key")
	if len(key) > maxKey || strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return "", httpjson.Invalid("Idempotency-Key: must be at most %d bytes of printable ASCII", maxKey)
	}
	return key, nil
}

func checkEncoding(r *http.Request) error {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return httpjson.Refuse(http.StatusUnsupportedMediaType, "wrong_type", "Content-Encoding %q is not read: send the body as it is", e)
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
func (c *call) checkUnicode() error { return httpjson.CheckUnicode(c.body, "the body: ") }

// decodeParts is decode for a body of which parts are read later, and told apart when they are refused: checkUnicode is
// due after them.
func (c *call) decodeParts(v any) error {
	return httpjson.Decode(c.body, v, "the body")
}

// decodeOptional is decode for a body that may be absent, and in which text may be damaged: that a run has failed is worth
// more than how the cause is spelled.
func (c *call) decodeOptional(v any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	return c.decodeParts(v)
}

// whole reads a whole number from 0 up, of the path or the query.
func whole(name, text string, below int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n >= below {
		return 0, httpjson.Invalid("%s = %.40q, want a whole number from 0 to %d", name, text, below-1)
	}
	return n, nil
}

// checkText refuses texts that are longer than a page could show. Package tracker checks the rest.
func checkText(what, text string) error {
	if len(text) > maxText {
		return httpjson.Invalid("%s %.40q… has %d bytes, at most %d are allowed", what, text, len(text), maxText)
	}
	return nil
}
