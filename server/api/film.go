package api

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/figure"
	"github.com/zoetrope-ml/zoetrope/internal/plot"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// maxFilmPoints is how many points a film may have by default: more take a minute, and hundreds of megabytes.
const maxFilmPoints = 1_000_000

// getFilm answers with a run's map as a GIF that moves through its epochs. Only one is made at a time, because it takes a
// processor and much memory; it stops when the client leaves.
func (h *Handler) getFilm(w http.ResponseWriter, r *http.Request) error {
	p, err := h.projection(r)
	if err != nil {
		return err
	}
	m, err := h.part(r, p)
	if err != nil {
		return err
	}
	by, err := oneOf(r, "color", plot.Colors)
	if err != nil {
		return err
	}
	theme, err := oneOf(r, "theme", []string{"light", "dark"})
	if err != nil {
		return err
	}
	pace := 1.5
	if text := r.URL.Query().Get("pace"); text != "" {
		if pace, err = strconv.ParseFloat(text, 64); err != nil || !(pace > 0 && pace <= 20) {
			return httpjson.Invalid("pace = %q, want more than 0 and at most 20 epochs a second", text)
		}
	}
	if len(m.epochs) == 0 {
		return httpjson.Invalid("projection %s has no epochs of run %s yet", p.Info().ID, m.run.Name)
	}
	if n := min(m.run.Samples*len(m.epochs), p.Info().Points); n > h.o.FilmPoints {
		return httpjson.Invalid("a GIF is made of up to %d points, and %d epochs of %d samples are %d: 'zoetrope plot map --animate --epochs …' makes one of some of the epochs",
			h.o.FilmPoints, len(m.epochs), m.run.Samples, n)
	}
	select {
	case h.films <- struct{}{}:
		defer func() { <-h.films }()
	default:
		return httpjson.Busy(5, "another GIF is being made: ask again in a moment")
	}
	s := plot.Subject{Projection: p, Run: m.run, Epochs: m.epochs}
	g, err := s.Grid(r.Context(), by, true)
	if errors.Is(err, plot.ErrNoPredictions) {
		return httpjson.Invalid("%v", err)
	} else if err != nil {
		return err
	}
	g.Dark = theme == "dark"
	var b bytes.Buffer
	if _, err := (&figure.Film{Grid: *g, Pace: pace}).Draw(r.Context(), &b, nil); err != nil {
		return err
	}
	send(w, r, "image/gif", b.Bytes())
	return nil
}

// oneOf reads a word from the query; if it is missing, the first of the allowed words.
func oneOf(r *http.Request, name string, words []string) (string, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return words[0], nil
	}
	if !slices.Contains(words, text) {
		return "", httpjson.Invalid("%s = %q, want %s", name, text, alternatives(words))
	}
	return text, nil
}

// alternatives joins words: "a", "a or b", "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
