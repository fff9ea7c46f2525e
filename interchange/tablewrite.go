package interchange

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
)

// clashPrefix is put before the name of a column of metadata that is the name of one of ours, and taken off again.
const clashPrefix = "metadata."

// columnName is what a column of metadata is called in a table.
func columnName(name string) string {
	reserved := slices.Concat(vectorNames, idNames, labelNames, epochNames, []string{"prediction", "loss", "confidence", "x", "y", "z", ""})
	if usual(reserved, name) || strings.HasPrefix(name, clashPrefix) {
		return clashPrefix + name
	}
	return name
}

// tableColumns are the columns of a table of ours: epoch, id, label, prediction, loss, confidence, vector, x, y and z, as
// far as there are any, and then the metadata.
type tableColumns struct {
	labels, outputs bool
	dim, dims       int
	metadata        []Column
	kinds           []cells.Kind
}

// json lists those columns; "" where there are none.
func (c tableColumns) json() string {
	var names []string
	for i, m := range c.metadata {
		if c.kinds[i] == cells.JSONColumn {
			names = append(names, m.Name)
		}
	}
	if names == nil {
		return ""
	}
	return cells.JSONText(names)
}

// cell is a value of the k-th column of metadata as a table has it; nil is null.
func (c tableColumns) cell(k, sample int) any {
	v := c.metadata[k].Values[sample]
	switch {
	case v == nil:
	case c.kinds[k] == cells.JSONColumn:
		return cells.JSONText(v)
	case c.kinds[k] == cells.FloatColumn:
		return cells.AsFloat(v)
	}
	return v
}

func (s *sink) columns() tableColumns {
	c := tableColumns{labels: s.Samples.Labels != nil, outputs: s.Outputs != nil, dim: s.Dim, dims: s.Dims}
	used := map[string]bool{}
	for _, m := range s.Samples.Columns {
		kind := cells.KindOf(m.Values)
		m.Name = columnName(m.Name)
		for used[m.Name] {
			m.Name = clashPrefix + m.Name
		}
		used[m.Name] = true
		c.metadata, c.kinds = append(c.metadata, m), append(c.kinds, kind)
	}
	return c
}

// A tableEpoch is the rows of one epoch: the samples that have anything at it.
type tableEpoch struct {
	number  int
	rows    []int // samples, ascending
	vectors *Layer
	points  *Layer
	outputs *Outputs

	vectorOf, pointOf, outputOf []int // of each row: its place in the above, −1 for none
}

// eachEpoch calls f with every epoch that has rows.
func (s *sink) eachEpoch(ctx context.Context, f func(*tableEpoch) error) error {
	for _, number := range s.Epochs {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := s.tableEpoch(ctx, number)
		if err != nil {
			return err
		}
		if len(e.rows) > 0 {
			if err := f(e); err != nil {
				return err
			}
			s.rows += len(e.rows)
		}
		s.visit()
	}
	return nil
}

func (s *sink) tableEpoch(ctx context.Context, number int) (e *tableEpoch, err error) {
	e = &tableEpoch{number: number}
	if s.Dim > 0 {
		if e.vectors, err = s.Vectors(ctx, number); err != nil {
			return nil, err
		}
	}
	if s.Dims > 0 {
		if e.points, err = s.Points(ctx, number); err != nil {
			return nil, err
		}
	}
	if s.Outputs != nil {
		if e.outputs, err = s.Outputs(ctx, number); err != nil {
			return nil, err
		}
	}
	n := s.Samples.Count
	place := func(rows []int, count int) []int {
		at := make([]int, n)
		for i := range at {
			at[i] = -1
			if rows == nil && i < count {
				at[i] = i
			}
		}
		for i, r := range rows {
			at[r] = i
		}
		return at
	}
	var v, p, o []int
	if e.vectors != nil {
		v = place(e.vectors.Rows, n)
	}
	if e.points != nil {
		p = place(e.points.Rows, n)
	}
	if e.outputs != nil {
		count := max(len(e.outputs.Predictions), len(e.outputs.Losses), len(e.outputs.Confidences))
		o = place(e.outputs.Rows, count)
	}
	pick := func(at []int, i int) int {
		if at == nil {
			return -1
		}
		return at[i]
	}
	for i := range n {
		a, b, c := pick(v, i), pick(p, i), pick(o, i)
		if a < 0 && b < 0 {
			continue // what the network said of a sample that has no place is not worth a row without one
		}
		e.rows = append(e.rows, i)
		e.vectorOf, e.pointOf, e.outputOf = append(e.vectorOf, a), append(e.pointOf, b), append(e.outputOf, c)
	}
	return e, nil
}

// prediction, loss and confidence are those of a row; "" and NaN where there are none.
func (e *tableEpoch) prediction(row int) string {
	if i := e.outputOf[row]; i >= 0 && e.outputs.Predictions != nil {
		return e.outputs.Predictions[i]
	}
	return ""
}

func (e *tableEpoch) loss(row int) float64 {
	if i := e.outputOf[row]; i >= 0 && e.outputs.Losses != nil {
		return e.outputs.Losses[i]
	}
	return math.NaN()
}

func (e *tableEpoch) confidence(row int) float64 {
	if i := e.outputOf[row]; i >= 0 && e.outputs.Confidences != nil {
		return e.outputs.Confidences[i]
	}
	return math.NaN()
}

// id is the name of a sample.
func (s *Samples) id(i int) string {
	if s.IDs == nil {
		return cells.NumberText(i)
	}
	return s.IDs[i]
}
