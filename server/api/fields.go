package api

import (
	"net/http"

	"github.com/zoetrope-ml/zoetrope/projector"
)

// A field is an option of a projection that a page may ask for: what it is called, what it may be, and what it is unless
// said. The page makes its form of them, so that both know the same ranges.
type field struct {
	Name    string   `json:"name"` // as in the body of POST projections
	Title   string   `json:"title"`
	About   string   `json:"about"`             // in a few words
	Choices []string `json:"choices,omitempty"` // it is one of these
	Text    bool     `json:"text,omitempty"`    // it is text, which the server reads; or else it is a number:
	Whole   bool     `json:"whole"`             // without a fraction
	Min     float64  `json:"min"`
	Max     float64  `json:"max"`
	Default any      `json:"default"`
}

// fields are in the order in which the page asks for them. What they leave out is as projector.Defaults has it.
func fields() []field {
	o := projector.Defaults()
	return []field{
		{Name: "mode", Title: "Mode", About: "how epochs meet", Choices: projector.Modes, Default: o.Mode},
		{Name: "epochs", Title: "Epochs", About: "as 0,5-10,last, or every 50th as 0-:50; empty is all", Text: true, Default: o.Epochs},
		{Name: "samples", Title: "Samples of each run", About: "0 is all; else those whose ids have the lowest SHA-256", Whole: true, Min: 0, Max: choiceMost, Default: o.Samples},
		{Name: "max_points", Title: "Most points", About: "0 is no limit; else of so many samples", Whole: true, Min: 0, Max: choiceMost, Default: o.MaxPoints},
		{Name: "n_neighbors", Title: "Neighbours", About: "many show the whole", Whole: true, Min: 2, Max: neighborsMost, Default: o.NNeighbors},
		{Name: "min_dist", Title: "Least distance", About: "how close points may lie", Min: 0, Max: o.Spread, Default: o.MinDist},
		{Name: "metric", Title: "Metric", About: "distance in the layer's space", Choices: projector.Metrics, Default: o.Metric},
		{Name: "scale", Title: "Scaling", About: "of the vectors beforehand", Choices: projector.Scales, Default: projector.Scales[0]},
		{Name: "pca", Title: "Principal components", About: "0 keeps all", Whole: true, Min: 0, Max: 100_000, Default: o.PCA},
		{Name: "n_epochs", Title: "Passes over the graph", About: "0 chooses by size", Whole: true, Min: 0, Max: passesMost, Default: o.NEpochs},
		{Name: "dims", Title: "Dimensions", About: "of the map", Whole: true, Min: 2, Max: 3, Default: o.Dims},
		{Name: "seed", Title: "Seed", About: "the same gives the same map", Whole: true, Min: 0, Max: 1<<53 - 1, Default: o.Seed}, // what JavaScript can count to
	}
}

func (h *Handler) getFields(w http.ResponseWriter, r *http.Request) error {
	return sendJSON(w, r, map[string]any{"fields": fields()})
}
