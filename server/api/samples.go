package api

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpbody"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// samplesJSON are a run's samples as columns.
type samplesJSON struct {
	Run     string   `json:"run"`
	Count   int      `json:"count"`
	IDs     []string `json:"ids"`     // null in a compact answer where they are 0 … count−1
	Classes []string `json:"classes"` // distinct labels, in natural order
	Label   []int    `json:"label"`   // indexes of classes; -1 for a sample without a label; null in a compact answer
	// Packed is Label in a compact answer: little-endian signed integers of Width bytes.
	Packed []byte `json:"packed,omitempty"`
	Width  int    `json:"width,omitempty"`
	// Metadata has a column per key that any sample has; null where a sample has no such key.
	Metadata map[string][]any `json:"metadata"`
	Sprite   *spriteJSON      `json:"sprite"` // null without pictures
}

// samples returns a run's samples, cached: every reader of a map needs them, and reading a million takes seconds.
func (h *Handler) samples(ctx context.Context, info tracker.RunInfo) ([]tracker.Sample, error) {
	return h.rosters.get(ctx, spriteKey{info.ID, info.Samples}, func(ctx context.Context) ([]tracker.Sample, error) {
		return h.store.Samples(ctx, info.ID)
	})
}

func (h *Handler) getSamples(w http.ResponseWriter, r *http.Request) error {
	info, err := h.run(r)
	if err != nil {
		return err
	}
	compact, err := compactForm(r)
	if err != nil {
		return err
	}
	body, err := h.columns.get(r.Context(), columnsKey{spriteKey{info.ID, info.Samples}, compact}, func(ctx context.Context) (*httpbody.Body, error) {
		return h.describeSamples(ctx, info, compact)
	})
	if err != nil {
		return err
	}
	return body.Send(w, r)
}

type columnsKey struct {
	spriteKey
	compact bool
}

// describeSamples makes the answer that every page of the run asks for.
func (h *Handler) describeSamples(ctx context.Context, info tracker.RunInfo, compact bool) (*httpbody.Body, error) {
	var sprite *sprite
	var bad error
	var pictures sync.WaitGroup
	pictures.Go(func() { sprite, bad = h.sprite(ctx, info.ID, info.Samples) }) // looks at all samples, too
	defer pictures.Wait()
	list, err := h.samples(ctx, info)
	if err != nil {
		return nil, err
	}
	j := columnsOf(list)
	j.Run = info.ID
	if compact {
		j.pack()
	}
	pictures.Wait()
	if bad != nil {
		return nil, bad
	}
	j.Sprite = sprite.json()
	return httpbody.JSON(j)
}

// legible returns a value of metadata for a page, whose numbers are float64: integers that no float64 holds exactly become
// text.
func legible(v any) any {
	n, ok := v.(json.Number)
	if !ok || len(n) < 16 || strings.ContainsAny(n.String(), ".eE") {
		return v
	}
	if f, err := n.Float64(); err == nil && strconv.FormatFloat(f, 'f', -1, 64) == n.String() {
		return v
	}
	return n.String()
}

func columnsOf(list []tracker.Sample) *samplesJSON {
	j := &samplesJSON{
		Count:    len(list),
		IDs:      make([]string, len(list)),
		Classes:  []string{},
		Label:    make([]int, len(list)),
		Metadata: map[string][]any{},
	}
	met := map[string]int{"": -1} // index of each label, in order of appearance
	for i, s := range list {
		j.IDs[i] = s.ID
		number, known := met[s.Label]
		if !known {
			number = len(j.Classes)
			met[s.Label] = number
			j.Classes = append(j.Classes, s.Label)
		}
		j.Label[i] = number
		for key, v := range s.Metadata {
			if j.Metadata[key] == nil {
				j.Metadata[key] = make([]any, len(list))
			}
			j.Metadata[key][i] = legible(v)
		}
	}
	slices.SortFunc(j.Classes, compareNatural) // so that 2 comes before 10
	place := make([]int, len(j.Classes))
	for i, c := range j.Classes {
		place[met[c]] = i
	}
	for i, number := range j.Label {
		if number >= 0 {
			j.Label[i] = place[number]
		}
	}
	return j
}

// pack encodes the ids and labels of many samples in few bytes, which are quick to decode.
func (j *samplesJSON) pack() {
	numbered := true
	var digits []byte
	for i, id := range j.IDs {
		digits = strconv.AppendInt(digits[:0], int64(i), 10)
		if id != string(digits) {
			numbered = false
			break
		}
	}
	if numbered {
		j.IDs = nil
	}
	j.Packed, j.Width = packNumbers(j.Label, len(j.Classes))
	j.Label = nil
}

// packNumbers packs numbers from -1 to n as little-endian signed integers of as few bytes as suffice.
func packNumbers(list []int, n int) (packed []byte, width int) {
	switch {
	case n <= math.MaxInt8:
		width = 1
	case n <= math.MaxInt16:
		width = 2
	default:
		width = 4
	}
	packed = make([]byte, 0, width*len(list))
	for _, v := range list {
		for b := range width {
			packed = append(packed, byte(v>>(8*b)))
		}
	}
	return packed, width
}

// compactForm reports whether the query asks for columns as bytes.
func compactForm(r *http.Request) (bool, error) {
	switch form := r.URL.Query().Get("form"); form {
	case "", "plain":
		return false, nil
	case "compact":
		return true, nil
	default:
		return false, httpjson.Invalid("form = %q, want plain or compact", form)
	}
}

// compareNatural compares runs of digits by their value and the rest as text.
func compareNatural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		dx, dy := digits(x), digits(y)
		if dx == 0 || dy == 0 {
			if x[0] != y[0] {
				return int(x[0]) - int(y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		nx, ny := strings.TrimLeft(x[:dx], "0"), strings.TrimLeft(y[:dy], "0")
		if len(nx) != len(ny) {
			return len(nx) - len(ny)
		}
		if nx != ny {
			return strings.Compare(nx, ny)
		}
		x, y = x[dx:], y[dy:]
	}
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(a, b) // 07 and 7 are two labels
}

// digits returns how many digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

func (h *Handler) getThumbnail(w http.ResponseWriter, r *http.Request) error {
	info, err := h.run(r)
	if err != nil {
		return err
	}
	png, err := h.store.Thumbnail(r.Context(), info.ID, r.PathValue("sample"))
	if err != nil {
		return err
	}
	send(w, r, "image/png", png)
	return nil
}
