package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/figure"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A subject is what plot draws: some epochs of a run on a map.
type subject struct {
	store      *tracker.Store
	projection *projector.Projection
	run        tracker.RunInfo
	epochs     []int
}

func (s *subject) titles(what string) (title, subtitle string) {
	i := s.projection.Info()
	subtitle = fmt.Sprintf("projection %s, %s", i.ID, i.Method)
	if i.Mode != i.Method {
		subtitle += ", " + i.Mode
	}
	if i.Layer != "" {
		subtitle += ", layer " + i.Layer
	}
	return fmt.Sprintf("%s/%s: %s", s.run.Experiment, s.run.Name, what), subtitle
}

// grid is the map at the epochs. For a film, each panel has all samples, in one order.
func (s *subject) grid(ctx context.Context, by string, film bool) (*figure.Grid, error) {
	g := &figure.Grid{}
	g.Title, g.Subtitle = s.titles(map[string]string{"label": "the map by label", "prediction": "the map by prediction", "correct": "the map, and what was predicted wrongly"}[by])
	var all [][]projector.Point
	for _, e := range s.epochs {
		points, err := s.projection.Points(ctx, projector.Query{Run: s.run.ID, Epoch: e})
		if err != nil {
			return nil, err
		}
		all = append(all, points)
	}
	class := classesBy(all, by)
	g.Classes = class.names
	for i, points := range all {
		p := figure.Panel{Title: "epoch " + strconv.Itoa(s.epochs[i])}
		if i == 0 && s.epochs[0] == 0 {
			p.Title = "epoch 0, before training"
		}
		if film {
			points = aligned(points, all)
		}
		for _, pt := range points {
			c, raised := class.of(pt)
			p.X, p.Y, p.Class = append(p.X, float32(pt.X)), append(p.Y, float32(pt.Y)), append(p.Class, c)
			if by == "correct" {
				p.Raised = append(p.Raised, raised)
			}
		}
		g.Panels = append(g.Panels, p)
	}
	if by != "label" && !class.any {
		return nil, fmt.Errorf("run %s has no predictions at these epochs: colour by label, or log outputs", s.run.Name)
	}
	return g, nil
}

// aligned returns a point for each sample that has one at any epoch, in the order in which they first come; those that
// are not among points are nowhere.
func aligned(points []projector.Point, all [][]projector.Point) []projector.Point {
	at := map[string]int{}
	var list []projector.Point
	for _, ps := range all {
		for _, p := range ps {
			if _, ok := at[p.Sample]; !ok {
				at[p.Sample] = len(list)
				list = append(list, projector.Point{Sample: p.Sample, X: math.NaN(), Y: math.NaN()})
			}
		}
	}
	for _, p := range points {
		list[at[p.Sample]] = p
	}
	return list
}

// classes say which colour a point has.
type classes struct {
	by    string
	names []string
	place map[string]int
	any   bool // some point has what they are by
}

func classesBy(all [][]projector.Point, by string) *classes {
	c := &classes{by: by, place: map[string]int{}}
	found := map[string]bool{}
	for _, points := range all {
		for _, p := range points {
			value := p.Label
			if by != "label" {
				value = p.Prediction
				c.any = c.any || value != ""
			}
			if by == "correct" || value == "" {
				continue
			}
			found[value] = true
			if by == "prediction" && p.Label != "" {
				found[p.Label] = true // so that a label has one colour in both pictures
			}
		}
	}
	if by == "correct" {
		c.names = []string{"correct", "wrong"}
		return c
	}
	for name := range found {
		c.names = append(c.names, name)
	}
	slices.SortFunc(c.names, func(a, b string) int {
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		if errX == nil && errY == nil && x != y {
			return int(math.Copysign(1, x-y))
		}
		return strings.Compare(a, b)
	})
	for i, name := range c.names {
		c.place[name] = i
	}
	const most = 40 // in a legend
	if len(c.names) > most {
		c.names = nil
	}
	return c
}

// of is the class of a point, −1 for none, and whether it stands out.
func (c *classes) of(p projector.Point) (class int, raised bool) {
	value := p.Label
	switch c.by {
	case "correct":
		if p.Label == "" || p.Prediction == "" {
			return -1, false
		}
		if p.Label == p.Prediction {
			return 0, false
		}
		return 1, true
	case "prediction":
		value = p.Prediction
	}
	if at, ok := c.place[value]; ok {
		return at, false
	}
	return -1, false
}

// curves are the measures over the epochs.
func (s *subject) curves(ctx context.Context) (*figure.Curves, error) {
	q, err := s.projection.Quality(ctx)
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
			if e.Run == s.run.ID && slices.Contains(s.epochs, e.Epoch) {
				l.Epochs, l.Values = append(l.Epochs, float64(e.Epoch)), append(l.Values, orNaN(value(e)))
			}
		}
		return l
	}
	step := func(name string, value func(projector.TransitionQuality) *float64) figure.Line {
		l := figure.Line{Name: name}
		for _, t := range q.Transitions {
			if t.Run == s.run.ID && slices.Contains(s.epochs, t.To) {
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
