package ingest

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// rawMagic begins a raw frame: it, the length of the header as uint32, the header in JSON, then rows×dim float32, all
// little-endian.
const rawMagic = "ZFR1"

// putFrame takes a part of a frame in. It is invisible until its epoch is committed.
func (h *Handler) putFrame(w http.ResponseWriter, r *http.Request) {
	v, err := h.takeFrame(r)
	if err != nil {
		httpjson.Explain(w, r, err, h.log)
		return
	}
	httpjson.Write(w, r, http.StatusAccepted, v)
}

type frameAnswer struct {
	Rows int `json:"rows"` // of the frame so far
}

func (h *Handler) takeFrame(r *http.Request) (v frameAnswer, err error) {
	key := frameKey{layer: r.PathValue("layer")}
	if _, err := keyOf(r); err != nil {
		return v, err
	}
	if key.epoch, err = whole("epoch", r.PathValue("epoch"), maxEpoch); err != nil {
		return v, err
	}
	if err := errors.Join(checkText("layer", key.layer), checkEncoding(r)); err != nil {
		return v, err
	}
	number := 0
	if text := r.URL.Query().Get("part"); text != "" {
		if number, err = whole("part", text, maxParts); err != nil {
			return v, err
		}
	}
	// An element has 8 bytes at most, and a header comes before them.
	if least := r.ContentLength/2 - maxFrameHeader; least > h.o.MaxFrame {
		return v, h.frameTooLarge(least)
	}
	// Before it reads a long body: is there such a run, and may it be written?
	samples := 0
	err = h.write(r.Context(), r.PathValue("run"), func(run *tracker.Run) error {
		key.run = run.ID()
		info, err := h.store.Run(r.Context(), key.run)
		samples = info.Samples
		return err
	})
	if err != nil {
		return v, err
	}
	if samples == 0 {
		return v, httpjson.Invalid("the run has no samples yet: add them first (POST runs/%s/samples)", key.run)
	}
	p, err := h.readPart(r, samples, r.URL.Query().Has("part"))
	if err != nil {
		return v, h.nameSample(r.Context(), key, number, err)
	}
	if v.Rows, err = h.staging.put(key, number, p); err != nil {
		h.memory.give(p.taken)
	}
	return v, err
}

// readPart reads the body, of a run with so many samples. The memory that it takes is part.taken of the budget, twice the
// part's size if the frame comes in parts, which are joined at the commit: that must not have to wait for memory.
func (h *Handler) readPart(r *http.Request, samples int, parted bool) (*part, error) {
	copies := int64(1)
	if parted {
		copies = 2
	}
	body := bufio.NewReaderSize(r.Body, 64<<10)
	head, err := body.Peek(4)
	switch {
	case string(head) == rawMagic:
		return h.readRaw(body, r.ContentLength, samples, copies)
	case string(head) == "\x93NUM":
		return h.readNpy(body, r.ContentLength, samples, copies)
	case len(head) == 0 && errors.Is(err, io.EOF):
		return nil, httpjson.Invalid("the body is empty: send a .npy file or a raw frame")
	case err != nil && !errors.Is(err, io.EOF):
		return nil, httpjson.Incomplete(err)
	}
	return nil, httpjson.Refuse(http.StatusUnsupportedMediaType, "wrong_type", "the body is neither a .npy file (it would begin with \\x93NUMPY) nor a raw frame (%s)", rawMagic)
}

func (h *Handler) readNpy(body io.Reader, length int64, samples int, copies int64) (*part, error) {
	if length < 0 {
		return nil, httpjson.Refuse(http.StatusLengthRequired, "length_required", "a .npy file is checked against its length: send Content-Length, or a raw frame")
	}
	// The file's elements have 2 to 8 bytes each: what is too long now is so in any case.
	if length/2 > h.o.MaxFrame+1<<16 {
		return nil, h.frameTooLarge(length / 2)
	}
	m, err := interchange.NewMatrix("the body", body, length)
	if err != nil {
		return nil, httpjson.Invalid("%v", err)
	}
	if m.Epochs != 1 {
		return nil, httpjson.Invalid("the body is of shape %d×%d×%d: a frame is n×d, of one epoch", m.Epochs, m.Rows, m.Dim)
	}
	p := &part{rows: m.Rows, dim: m.Dim}
	if err := h.admit(p, samples, copies); err != nil {
		return nil, err
	}
	if p.vectors, err = m.Next(); err != nil {
		h.memory.give(p.taken)
		return nil, httpjson.Invalid("%v", err)
	}
	if err := finite(p.vectors, 0, p); err != nil {
		h.memory.give(p.taken)
		return nil, err
	}
	return p, nil
}

// rawHeader is the header of a raw frame.
type rawHeader struct {
	Rows int             `json:"rows"`
	Dim  int             `json:"dim"`
	IDs  json.RawMessage `json:"ids"`
}

func (h *Handler) readRaw(body io.Reader, length int64, samples int, copies int64) (*part, error) {
	var fixed [8]byte
	if _, err := io.ReadFull(body, fixed[:]); err != nil {
		return nil, truncated(err)
	}
	size := int64(binary.LittleEndian.Uint32(fixed[4:]))
	if size > maxFrameHeader {
		return nil, httpjson.Refuse(http.StatusRequestEntityTooLarge, "too_large", "the frame's header claims %d bytes, at most %d are allowed: send the frame in parts (?part=0, 1, …)", size, maxFrameHeader)
	}
	head, err := h.readRawHeader(body, size)
	if err != nil {
		return nil, err
	}
	ids, err := column[text](head.IDs, "ids", "id")
	if err != nil {
		return nil, err
	}
	if ids != nil && len(ids) != head.Rows {
		return nil, httpjson.Invalid("the frame's header has %d ids for %d rows: name each row, or none", len(ids), head.Rows)
	}
	p := &part{rows: head.Rows, dim: head.Dim, ids: texts(ids)}
	if err := h.admit(p, samples, copies); err != nil {
		return nil, err
	}
	if err := readFloats(body, length-8-size, length < 0, p); err != nil {
		h.memory.give(p.taken)
		return nil, err
	}
	return p, nil
}

// readRawHeader reads the header of size bytes. The memory that it takes is given back when the texts' real size is known,
// which [Handler.admit] takes.
func (h *Handler) readRawHeader(body io.Reader, size int64) (head rawHeader, err error) {
	if err := h.memory.take(4 * size); err != nil {
		return head, err
	}
	defer h.memory.give(4 * size)
	text := make([]byte, size)
	if _, err := io.ReadFull(body, text); err != nil {
		return head, truncated(err)
	}
	if err := httpjson.Decode(text, &head, "the frame's header"); err != nil {
		return head, err
	}
	return head, httpjson.CheckUnicode(text, "the frame's header: ")
}

// readFloats reads rows×dim float32, of which there should be size bytes, unless that is unknown.
func readFloats(body io.Reader, size int64, unknown bool, p *part) error {
	want := 4 * int64(p.rows) * int64(p.dim)
	if !unknown && size != want {
		return httpjson.Invalid("%d×%d float32 take %d bytes after the header, and there are %d", p.rows, p.dim, want, size)
	}
	p.vectors = make([]float32, p.rows*p.dim)
	raw := make([]byte, min(int64(64<<10), want))
	for done := 0; done < len(p.vectors); {
		some := p.vectors[done:min(done+len(raw)/4, len(p.vectors))]
		if _, err := io.ReadFull(body, raw[:4*len(some)]); err != nil {
			return truncated(err)
		}
		for i := range some {
			some[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		if err := finite(some, done, p); err != nil {
			return err
		}
		done += len(some)
	}
	if n, _ := io.ReadFull(body, raw[:1]); n != 0 {
		return httpjson.Invalid("bytes follow the %d×%d float32", p.rows, p.dim)
	}
	return nil
}

// admit checks a part's size, and takes the memory for it.
func (h *Handler) admit(p *part, samples int, copies int64) error {
	switch {
	case p.rows < 1 || p.dim < 1 || p.dim > tracker.MaxDim:
		return httpjson.Invalid("the frame is %d×%d: want at least one row, and 1 to %d columns", p.rows, p.dim, tracker.MaxDim)
	case p.rows > samples:
		return httpjson.Invalid("the frame has %d rows, and the run %d samples: a row for each sample at most; add samples first", p.rows, samples)
	}
	size := 4 * int64(p.rows) * int64(p.dim)
	if size > h.o.MaxFrame {
		return h.frameTooLarge(size)
	}
	for _, id := range p.ids {
		size += int64(len(id)) + 16
	}
	p.taken = copies*size + 1<<10
	return h.memory.take(p.taken)
}

func (h *Handler) frameTooLarge(size int64) error {
	return httpjson.Refuse(http.StatusRequestEntityTooLarge, "too_large", "the frame takes %d bytes as float32, at most %d are allowed at once: send it in parts of fewer rows (?part=0, 1, …)", size, h.o.MaxFrame)
}

func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return httpjson.Invalid("the frame is truncated: send it again")
	}
	return httpjson.Incomplete(err)
}

// A notFinite is a number that a map cannot show.
type notFinite struct {
	row, column int
	id          string // of the row's sample, if the body names it
	value       float32
}

func (e *notFinite) Error() string {
	return fmt.Sprintf("row %d, column %d is %v", e.row, e.column, e.value)
}

// finite refuses NaN and infinities in v, which begins at httpjson.Place at of the part.
func finite(v []float32, at int, p *part) error {
	for i, x := range v {
		if x-x != 0 { // NaN or Inf
			e := &notFinite{row: (at + i) / p.dim, column: (at + i) % p.dim, value: x}
			if p.ids != nil {
				e.id = p.ids[e.row]
			}
			return e
		}
	}
	return nil
}

// nameSample says which sample a number that is not finite belongs to.
func (h *Handler) nameSample(ctx context.Context, key frameKey, number int, err error) error {
	var bad *notFinite
	if !errors.As(err, &bad) {
		return err
	}
	if list, err := h.store.Samples(ctx, key.run); bad.id == "" && number == 0 && err == nil && bad.row < len(list) {
		bad.id = list[bad.row].ID
	}
	name := ""
	if bad.id != "" {
		name = fmt.Sprintf(" (sample %q)", bad.id)
	}
	at := httpjson.Place{Field: "vector", Name: key.layer, Index: bad.row, ID: bad.id}
	return httpjson.InvalidAt(at, "row %d%s, column %d is %v: vectors must be finite; nothing of the frame was kept", bad.row, name, bad.column, bad.value)
}
