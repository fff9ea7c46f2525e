package api

import (
	"net/http"

	"github.com/zoetrope-ml/zoetrope/projector"
)

// A field is a setting of a projection that a page may ask for. The page makes its form of them, so that both know the same
// ranges.
type field struct {
	Name    string   `json:"name"` // as in the body of POST projections
	Title   string   `json:"title"`
	About   string   `json:"about"`             // in one line
	Choices []string `json:"choices,omitempty"` // it is one of these
	Text    bool     `json:"text,omitempty"`    // it is text, which the server reads; or else it is a number:
	Whole   bool     `json:"whole"`             // without a fraction
	Min     float64  `json:"min"`
	Max     float64  `json:"max"`
	Default any      `json:"default"`
	Methods []string `json:"methods,omitempty"` // those that read it; absent: all
}

// largest is what a page may ask for where a projection may have more, or what limits it is not a number.
var largest = map[string]float64{
	"samples": maxChoice, "max_points": maxChoice, "n_neighbors": neighborsMost, "n_epochs": passesMost, "pca": 100_000,
	"min_dist": projector.Defaults().Spread,
	"seed":     1<<53 - 1, // what JavaScript can count to
}

// fields are the settings that a form asks for, in its order. What they leave out is as projector.Defaults has it.
func fields() []field {
	var list []field
	for _, s := range projector.Settings() {
		if !s.Form {
			continue
		}
		f := field{Name: s.Name, Title: s.Title, About: s.Help, Choices: s.Choices, Min: s.Min, Max: s.Max, Default: s.Default(), Methods: s.Methods}
		if s.Note != "" {
			f.About += "; " + s.Note
		}
		number, whole := s.Number()
		f.Text, f.Whole = !number && s.Choices == nil, whole
		if most, ok := largest[s.Name]; ok {
			f.Max = most
		}
		list = append(list, f)
	}
	return list
}

func (h *Handler) getFields(w http.ResponseWriter, r *http.Request) error {
	return sendJSON(w, r, map[string]any{"fields": fields()})
}
