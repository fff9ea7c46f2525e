package viewer

import (
	"net/http"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// samplesJSON are a run's samples as columns.
type samplesJSON struct {
	Run     string   `json:"run"`
	IDs     []string `json:"ids"`
	Classes []string `json:"classes"` // labels that occur, in the order in which people sort them
	Label   []int    `json:"label"`   // places in classes; -1 for a sample without a label
	// Metadata has a column per key that any sample has; null where a sample has no such key.
	Metadata map[string][]any `json:"metadata"`
	Sprite   *spriteJSON      `json:"sprite"` // null without pictures
}

func (h *Handler) getSamples(w http.ResponseWriter, r *http.Request) error {
	info, err := h.run(r)
	if err != nil {
		return err
	}
	list, err := h.store.Samples(r.Context(), info.ID)
	if err != nil {
		return err
	}
	j := samplesJSON{
		Run:      info.ID,
		IDs:      make([]string, len(list)),
		Classes:  classesOf(list),
		Label:    make([]int, len(list)),
		Metadata: map[string][]any{},
	}
	place := make(map[string]int, len(j.Classes))
	for i, c := range j.Classes {
		place[c] = i
	}
	for i, s := range list {
		j.IDs[i] = s.ID
		j.Label[i] = -1
		if s.Label != "" {
			j.Label[i] = place[s.Label]
		}
		for key, v := range s.Metadata {
			if j.Metadata[key] == nil {
				j.Metadata[key] = make([]any, len(list))
			}
			j.Metadata[key][i] = v
		}
	}
	sprite, err := h.sprite(r, info.ID, len(list))
	if err != nil {
		return err
	}
	j.Sprite = sprite.json()
	return sendJSON(w, r, j)
}

// classesOf returns the labels that occur, so sorted that 2 comes before 10.
func classesOf(samples []tracker.Sample) []string {
	seen := map[string]bool{}
	classes := []string{}
	for _, s := range samples {
		if s.Label != "" && !seen[s.Label] {
			seen[s.Label] = true
			classes = append(classes, s.Label)
		}
	}
	slices.SortFunc(classes, compareNatural)
	return classes
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
