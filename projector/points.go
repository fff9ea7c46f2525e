package projector

import (
	"cmp"
	"context"
	"slices"
)

// A Point is one sample at one epoch on the map.
type Point struct {
	Run        string  `json:"run"` // id
	Epoch      int     `json:"epoch"`
	Sample     string  `json:"sample"`
	Label      string  `json:"label"`      // empty: none
	Prediction string  `json:"prediction"` // what the network said at that epoch; empty: not logged
	X          float64 `json:"x"`
	Y          float64 `json:"y"`
	Z          float64 `json:"z"` // 0 on a plane
}

// Points returns the points that q selects, by run, epoch and sample, each in their order.
func (p *Projection) Points(ctx context.Context, q Query) ([]Point, error) {
	var points []Point
	err := p.read(ctx, q, func(r *reading, placed []Placement) error {
		predictions, err := r.predictions(ctx, q)
		if err != nil {
			return err
		}
		dims := p.info.Dims
		for _, at := range placed {
			labels := r.labels(at.Run)
			for i, sample := range at.Samples {
				c := at.Coordinates[i*dims : (i+1)*dims]
				point := Point{Run: at.Run, Epoch: at.Epoch, Sample: sample, Label: labels[sample], X: float64(c[0]), Y: float64(c[1])}
				point.Prediction = predictions[occurrence{at.Run, at.Epoch, sample}]
				if dims == 3 {
					point.Z = float64(c[2])
				}
				points = append(points, point)
			}
		}
		return nil
	})
	return points, err
}

// Trajectory returns the paths over all epochs of the samples that q selects: by run and sample, and within a sample by
// epoch.
func (p *Projection) Trajectory(ctx context.Context, q Query) ([]Point, error) {
	if q.Epoch != 0 {
		return nil, errTrajectory
	}
	q.AllEpochs = true
	points, err := p.Points(ctx, q)
	if err != nil {
		return nil, err
	}
	type path struct{ run, sample string }
	order := map[path]int{}
	for _, pt := range points {
		if at := (path{pt.Run, pt.Sample}); order[at] == 0 {
			order[at] = len(order) + 1
		}
	}
	run := map[string]int{}
	for i, id := range p.info.Runs {
		run[id] = i
	}
	slices.SortStableFunc(points, func(a, b Point) int {
		return cmp.Or(cmp.Compare(run[a.Run], run[b.Run]), cmp.Compare(order[path{a.Run, a.Sample}], order[path{b.Run, b.Sample}]))
	})
	return points, nil
}
