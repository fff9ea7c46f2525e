package projector

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/tracker"
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
	err := p.read(ctx, q, func(r *query, placed []Coordinates) error {
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

// An Array is the points of one run as an array: epochs × samples × dims, NaN where a sample is missing.
type Array struct {
	Epochs, Samples, Dims int
	Values                []float32
}

// Array arranges the points that q selects: epochs ascending, samples in the run's order. Each sample that the map has at
// any epoch has its place at every epoch, so that the arrays of two epochs can be compared. Where the projection has several
// runs, q must name one.
func (p *Projection) Array(ctx context.Context, q Query) (*Array, error) {
	if runs := p.Info().Runs; q.Run == "" && len(runs) > 1 {
		return nil, fmt.Errorf("projection %s holds %d runs, and an array has room for one: %w", p.Info().ID, len(runs), tracker.ErrAmbiguous)
	}
	chosen, err := p.Coordinates(ctx, q)
	if err != nil {
		return nil, err
	}
	q.AllEpochs = true
	all, err := p.Coordinates(ctx, q)
	if err != nil {
		return nil, err
	}
	present := map[string]bool{}
	for _, at := range all {
		for _, sample := range at.Samples {
			present[sample] = true
		}
	}
	samples, err := p.store.Samples(ctx, all[0].Run)
	if err != nil {
		return nil, err
	}
	place := map[string]int{}
	for _, s := range samples {
		if present[s.ID] {
			place[s.ID] = len(place)
		}
	}
	a := &Array{Epochs: len(chosen), Samples: len(place), Dims: p.Info().Dims}
	a.Values = make([]float32, a.Epochs*a.Samples*a.Dims)
	for i := range a.Values {
		a.Values[i] = float32(math.NaN())
	}
	for e, at := range chosen {
		for i, sample := range at.Samples {
			copy(a.Values[(e*a.Samples+place[sample])*a.Dims:], at.Coordinates[i*a.Dims:(i+1)*a.Dims])
		}
	}
	return a, nil
}

// WriteCSV writes points of a map of so many dimensions as a table with the columns run, epoch, sample, label, prediction, x,
// y and, in three dimensions, z. A text that a spreadsheet would run as a formula has an apostrophe before it.
func WriteCSV(w io.Writer, points []Point, dims int) error {
	c := csv.NewWriter(w)
	head := []string{"run", "epoch", "sample", "label", "prediction", "x", "y", "z"}
	c.Write(head[:5+dims])
	row := make([]string, 5+dims)
	for _, p := range points {
		row[0], row[1], row[2], row[3], row[4] = asText(p.Run), strconv.Itoa(p.Epoch), asText(p.Sample), asText(p.Label), asText(p.Prediction)
		for i, v := range []float64{p.X, p.Y, p.Z}[:dims] {
			row[5+i] = strconv.FormatFloat(v, 'g', -1, 32) // coordinates are float32
		}
		c.Write(row)
	}
	c.Flush()
	return c.Error()
}

// A spreadsheet runs a cell as a formula that begins with one of these, except a number.
var (
	formula = regexp.MustCompile(`^[=+\-@	]`)
	number  = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
)

// asText returns a cell that no spreadsheet runs: an apostrophe makes it text. The page does the same.
func asText(cell string) string {
	if formula.MatchString(cell) && !number.MatchString(cell) {
		return "'" + cell
	}
	return cell
}
