package plot

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/figure"
	"github.com/zoetrope-ml/zoetrope/projector"
)

// classes say which colour a point has.
type classes struct {
	by    string
	names []string // as many as a legend has room for
	more  int      // further classes
	place map[string]int
	scale *figure.Scale // of labels that are numbers, instead of names
	any   bool          // some point has the value they are made of
	none  bool          // some point has no class
}

// maxLegend is how many classes a legend names at most.
const maxLegend = 40

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
			c.none = c.none || value == "" || by == "correct" && p.Label == ""
			if by == "correct" || value == "" {
				continue
			}
			found[value] = true
			if by == "prediction" && p.Label != "" {
				found[p.Label] = true // so that a label has the same colour in both pictures
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
	if c.scale = scaleOf(c.names); c.scale != nil {
		c.names = nil
		return c
	}
	for i, name := range c.names {
		c.place[name] = i
	}
	if len(c.names) > maxLegend {
		c.more = len(c.names) - maxLegend
		c.names = c.names[:maxLegend]
	}
	return c
}

// scaleOf returns a scale for labels of a regression: more numbers than a legend has room for, not all of them whole. It
// returns nil for labels that are classes.
func scaleOf(names []string) *figure.Scale {
	if len(names) <= maxLegend {
		return nil
	}
	s := &figure.Scale{Lo: math.Inf(1), Hi: math.Inf(-1)}
	whole := true
	for _, name := range names {
		v, err := strconv.ParseFloat(name, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		s.Lo, s.Hi = math.Min(s.Lo, v), math.Max(s.Hi, v)
		whole = whole && v == math.Trunc(v)
	}
	if whole {
		return nil
	}
	return s
}

// noneName returns the legend's name for points without a class; empty if there are none.
func (c *classes) noneName() string {
	switch {
	case !c.none:
		return ""
	case c.by == "label":
		return "no label"
	case c.by == "prediction":
		return "no prediction"
	}
	return "not known"
}

// of returns the class of a point, −1 for none, and whether the point is highlighted.
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
	if v, err := strconv.ParseFloat(value, 64); c.scale != nil && value != "" && err == nil {
		return c.scale.Step(v), false
	}
	if at, ok := c.place[value]; ok {
		return at, false
	}
	return -1, false
}
