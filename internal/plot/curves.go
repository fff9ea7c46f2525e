package plot

import (
	"context"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/figure"
	"github.com/zoetrope-ml/zoetrope/projector"
)

// Curves returns the measures over the epochs.
func (s *Subject) Curves(ctx context.Context) (*figure.Curves, error) {
	q, err := s.Projection.Quality(ctx)
	if err != nil {
		return nil, err
	}
	c := &figure.Curves{}
	c.Title, c.Subtitle = s.titles("quality of the map")
	if !q.Exact {
		c.Subtitle += "; estimated from a part of the samples"
	}
	add := func(title string, lines ...figure.Line) {
		lines = slices.DeleteFunc(lines, func(l figure.Line) bool {
			return !slices.ContainsFunc(l.Values, func(v float64) bool { return !math.IsNaN(v) })
		})
		if len(lines) > 0 {
			c.Charts = append(c.Charts, figure.Chart{Title: title, Lines: lines})
		}
	}
	epoch := func(name string, value func(projector.EpochQuality) *float64) figure.Line {
		l := figure.Line{Name: name}
		for _, e := range q.Epochs {
			if e.Run == s.Run.ID && slices.Contains(s.Epochs, e.Epoch) {
				l.Epochs, l.Values = append(l.Epochs, float64(e.Epoch)), append(l.Values, orNaN(value(e)))
			}
		}
		return l
	}
	step := func(name string, value func(projector.TransitionQuality) *float64) figure.Line {
		l := figure.Line{Name: name}
		for _, t := range q.Transitions {
			if t.Run == s.Run.ID && slices.Contains(s.Epochs, t.To) {
				l.Epochs, l.Values = append(l.Epochs, float64(t.To)), append(l.Values, orNaN(value(t)))
			}
		}
		return l
	}
	add("neighbours kept",
		epoch("trustworthiness", func(e projector.EpochQuality) *float64 { return e.Trustworthiness }),
		epoch("continuity", func(e projector.EpochQuality) *float64 { return e.Continuity }))
	add("silhouette of the labels",
		epoch("map", func(e projector.EpochQuality) *float64 { return e.Map.Silhouette }),
		epoch("original space", func(e projector.EpochQuality) *float64 { return e.Original.Silhouette }))
	add("label purity of 15 neighbours",
		epoch("map", func(e projector.EpochQuality) *float64 { return e.Map.Purity }),
		epoch("original space", func(e projector.EpochQuality) *float64 { return e.Original.Purity }))
	add("change of neighbourhoods since the epoch before",
		step("map", func(t projector.TransitionQuality) *float64 { return t.Map.Churn }),
		step("original space", func(t projector.TransitionQuality) *float64 { return t.Original.Churn }))
	return c, nil
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}
