package interchange

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/colfile"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
)

// An assembly puts the epochs of a table together as their rows arrive.
type assembly struct {
	t       *table
	columns []int
	place   map[int]int
	dims    []int // of each column of vectors, known from the first row
	done    []bool
	missed  []bool // of each epoch: a row went by in this reading
	open    map[int]*Epoch
	filled  map[int]int // rows that each of them has
	held    int         // bytes
	row     int
	given   int64 // bytes of the ration, of the epochs that are ready
	ready   []*Epoch
}

func (t *table) epochs(ctx context.Context, yield func(*Epoch, error) bool) {
	t.ration = limits.NewRation(t.size)
	a := &assembly{t: t, place: map[int]int{}, dims: make([]int, len(t.vectors)), done: make([]bool, len(t.numbers))}
	for _, c := range t.wanted() {
		a.place[c] = len(a.columns)
		a.columns = append(a.columns, c)
	}
	for slices.Contains(a.done, false) {
		if !a.reading(ctx, yield) {
			return
		}
	}
}

// wanted are the columns of what changes from epoch to epoch.
func (t *table) wanted() []int {
	if t.o.Points {
		return t.points
	}
	list := slices.Clone(t.vectors)
	for _, c := range []int{t.prediction, t.loss, t.confidence} {
		if c >= 0 {
			list = append(list, c)
		}
	}
	return list
}

// reading reads the file once, and yields the epochs that it could put together. It returns false to stop.
func (a *assembly) reading(ctx context.Context, yield func(*Epoch, error) bool) bool {
	a.missed, a.open, a.held, a.row = make([]bool, len(a.done)), map[int]*Epoch{}, 0, 0
	a.filled = map[int]int{}
	var b colfile.Batches
	err := ration.Guard(a.t.name, func() (err error) {
		if b, err = a.t.file.Batches(ctx, a.columns); err != nil {
			return fmt.Errorf("%s: %w", a.t.name, err)
		}
		return nil
	})
	if err != nil {
		yield(nil, err)
		return false
	}
	defer b.Close()
	for {
		err := ctx.Err()
		if err == nil {
			err = ration.Guard(a.t.name, func() error {
				columns, rows, err := b.Next()
				if err == io.EOF {
					return err
				}
				if err != nil {
					return fmt.Errorf("%s: %w", a.t.name, err)
				}
				return a.batch(columns, rows)
			})
		}
		if err == io.EOF {
			if a.row < len(a.t.rowEpoch) {
				yield(nil, fmt.Errorf("%s: the file ends after row %d of %d", a.t.name, a.row, len(a.t.rowEpoch)))
				return false
			}
			return true
		}
		if err != nil {
			yield(nil, err)
			return false
		}
		for _, e := range a.ready {
			if !yield(e, nil) {
				return false
			}
		}
		a.ready = a.ready[:0]
		a.t.ration.Give(a.given)
		a.given = 0
	}
}

func (a *assembly) batch(columns []arrow.Array, rows int) error {
	if c := a.t.prediction; c >= 0 && !a.t.o.Points {
		k := a.place[c]
		said, row, err := legible(a.t.o.Encoding, columns[k], a.t.ration)
		if err != nil {
			return fmt.Errorf("%s: row %d, column %q: %w", a.t.name, a.row+row, a.t.file.Schema().Field(c).Name, err)
		}
		columns = slices.Clone(columns)
		columns[k] = said
	}
	for i := range rows {
		if a.row >= len(a.t.rowEpoch) {
			return fmt.Errorf("%s: the file has changed while it was read", a.t.name)
		}
		at := int(a.t.rowEpoch[a.row])
		if e := a.admit(at); e != nil {
			if err := a.add(e, at, columns, i); err != nil {
				return fmt.Errorf("%s: row %d: %w", a.t.name, a.row, err)
			}
		}
		a.row++
	}
	return nil
}

// admit returns the epoch that a row belongs to, or nil if it is not this reading's.
func (a *assembly) admit(at int) *Epoch {
	if a.done[at] || a.missed[at] {
		return nil
	}
	if e, ok := a.open[at]; ok {
		return e
	}
	if a.held > 0 && int64(a.held+a.bytes(at)) > min(int64(limits.WindowBytes), a.t.ration.Limit()/2) {
		a.missed[at] = true
		return nil
	}
	a.held += a.bytes(at)
	e := &Epoch{Number: a.t.numbers[at]}
	if a.t.o.Points {
		n, dim := a.t.counts[at], len(a.t.points)
		e.Points = &Layer{Dim: dim, Data: make([]float32, 0, n*dim), Rows: make([]int, 0, n)}
	} else {
		for _, c := range a.t.vectors {
			e.Layers = append(e.Layers, Layer{Name: a.t.layerName(c)})
		}
		if len(a.columns) > len(a.t.vectors) {
			e.Outputs = &Outputs{}
		}
	}
	a.open[at] = e
	return e
}

// bytes is about what an epoch takes.
func (a *assembly) bytes(at int) int {
	row := 16
	for _, d := range a.dims {
		row += 4 * d
	}
	return a.t.counts[at] * row
}

// layerName is what the layer of a column is called: as the file says of its only one, or as the column.
func (t *table) layerName(c int) string {
	schema := t.file.Schema()
	if name, ok := schema.Metadata().GetValue(colfile.LayerKey); ok && len(t.vectors) == 1 {
		return name
	}
	if name := schema.Field(c).Name; !usual(vectorNames, name) {
		return name
	}
	return ""
}

// add adds a row of a batch to its epoch, which is ready after its last row.
func (a *assembly) add(e *Epoch, at int, columns []arrow.Array, i int) error {
	t, sample := a.t, int(a.t.rowSample[a.row])
	column := func(c int) arrow.Array { return columns[a.place[c]] }
	var err error
	if e.Points != nil {
		err = a.addPoint(e.Points, sample, column, i)
	} else {
		err = a.addVectors(e, at, sample, column, i)
	}
	if err != nil {
		return err
	}
	if a.filled[at]++; a.filled[at] == t.counts[at] {
		a.held -= a.bytes(at)
		delete(a.open, at)
		a.done[at] = true
		for _, l := range e.Layers {
			a.given += 4 * int64(len(l.Data))
		}
		e.tidy(t.samples)
		a.ready = append(a.ready, e)
	}
	return nil
}

func (a *assembly) addPoint(p *Layer, sample int, column func(int) arrow.Array, i int) error {
	missing := 0
	for _, c := range a.t.points {
		v := float32(cells.Float(column(c), i))
		if math.IsInf(float64(v), 0) {
			return fmt.Errorf("the place on the map is %v: want finite numbers, or null for a sample that is not on the map", v)
		}
		if v != v {
			missing++
		}
		p.Data = append(p.Data, v)
	}
	switch missing {
	case 0:
		p.Rows = append(p.Rows, sample)
	case p.Dim:
		p.Data = p.Data[:len(p.Data)-p.Dim]
	default:
		return fmt.Errorf("the place on the map is missing in part: want numbers, or null throughout for a sample that is not on the map")
	}
	return nil
}

func (a *assembly) addVectors(e *Epoch, at, sample int, column func(int) arrow.Array, i int) error {
	t := a.t
	for k, c := range t.vectors {
		l, name := &e.Layers[k], t.file.Schema().Field(c).Name
		values, lo, hi, err := cells.List(column(c), i)
		if err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
		switch n := hi - lo; {
		case n == 0:
			return fmt.Errorf("column %q: the vector has no numbers", name)
		case n > limits.MaxDim:
			return fmt.Errorf("column %q: the vector has %d numbers: want at most %d", name, n, limits.MaxDim)
		case a.dims[k] == 0:
			a.dims[k] = n
		case a.dims[k] != n:
			return fmt.Errorf("column %q: the vector has %d numbers, and those before %d: want the same in every row", name, n, a.dims[k])
		}
		if l.Data == nil {
			if err := a.makeRoom(l, at, a.dims[k]); err != nil {
				return err
			}
		}
		if l.Data, err = cells.Vector(l.Data, values, lo, hi); err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
		l.Dim, l.Rows = a.dims[k], append(l.Rows, sample)
	}
	if o := e.Outputs; o != nil {
		o.Rows = append(o.Rows, sample)
		if t.prediction >= 0 {
			o.Predictions = append(o.Predictions, cells.TextCell(column(t.prediction), i))
		}
		if t.loss >= 0 {
			o.Losses = append(o.Losses, cells.Float(column(t.loss), i))
		}
		if t.confidence >= 0 {
			o.Confidences = append(o.Confidences, cells.Float(column(t.confidence), i))
		}
	}
	return nil
}

// makeRoom makes room for the vectors of an epoch, which are given back when it has been handed out.
func (a *assembly) makeRoom(l *Layer, at, dim int) error {
	n := 4 * int64(a.t.counts[at]) * int64(dim)
	if err := a.t.ration.Count(n); err != nil {
		return err
	}
	if err := a.t.ration.Take(n); err != nil {
		return err
	}
	l.Data, l.Rows = make([]float32, 0, n/4), make([]int, 0, a.t.counts[at])
	return nil
}

// tidy replaces rows that are all samples in their order by nil.
func (e *Epoch) tidy(samples int) {
	all := func(rows []int) []int {
		for i, r := range rows {
			if r != i {
				return rows
			}
		}
		if len(rows) == samples {
			return nil
		}
		return rows
	}
	for i := range e.Layers {
		e.Layers[i].Rows = all(e.Layers[i].Rows)
	}
	if e.Points != nil {
		e.Points.Rows = all(e.Points.Rows)
	}
	if e.Outputs != nil {
		e.Outputs.Rows = all(e.Outputs.Rows)
	}
}
