// Package plot brings a run's map and its measures from the store into figures.
package plot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/figure"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Colors lists the properties that points can be coloured by.
var Colors = []string{"label", "prediction", "correct"}

// ErrNoPredictions is returned for a map to be coloured by predictions that were never logged.
var ErrNoPredictions = errors.New("no predictions at these epochs: colour by label, or log outputs")

// A Subject is some epochs of a run on a map.
type Subject struct {
	Projection *projector.Projection
	Run        tracker.RunInfo
	Epochs     []int
}

func (s *Subject) titles(what string) (title, subtitle string) {
	i := s.Projection.Info()
	subtitle = fmt.Sprintf("projection %s, %s", i.ID, i.Method)
	if i.Mode != i.Method {
		subtitle += ", " + i.Mode
	}
	if i.Layer != "" {
		subtitle += ", layer " + i.Layer
	}
	return fmt.Sprintf("%s/%s: %s", s.Run.Experiment, s.Run.Name, what), subtitle
}

// Grid returns the map at the epochs, coloured by one of [Colors]. For a film, each panel has all samples, in one order.
func (s *Subject) Grid(ctx context.Context, by string, film bool) (*figure.Grid, error) {
	g := &figure.Grid{}
	g.Title, g.Subtitle = s.titles(map[string]string{"label": "the map by label", "prediction": "the map by prediction", "correct": "the map, and what was predicted wrongly"}[by])
	var all [][]projector.Point
	for _, e := range s.Epochs {
		points, err := s.Projection.Points(ctx, projector.Query{Run: s.Run.ID, Epoch: e})
		if err != nil {
			return nil, err
		}
		all = append(all, points)
	}
	class := classesBy(all, by)
	g.Classes, g.More, g.None, g.Scale = class.names, class.more, class.noneName(), class.scale
	for i, points := range all {
		p := figure.Panel{Title: "epoch " + strconv.Itoa(s.Epochs[i])}
		if i == 0 && s.Epochs[0] == 0 {
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
		return nil, fmt.Errorf("run %s has %w", s.Run.Name, ErrNoPredictions)
	}
	return g, nil
}

// aligned returns a point for each sample that has one at any epoch, in order of first appearance. A sample without a
// point at this epoch gets NaN.
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
