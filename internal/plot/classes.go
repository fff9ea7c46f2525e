package plot

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/projector"
)

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
