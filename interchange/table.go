package interchange

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/colfile"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
)

// A table is a file with a row for each sample, or for each sample and epoch.
type table struct {
	name string
	size int64
	file colfile.File
	o    Options

	// What is what, by its place in the schema; −1 for none.
	id, label, epoch             int
	prediction, loss, confidence int
	vectors, points              []int
	metadata                     []int

	apart int // a column that may number the epochs or be a property of the sample: see [table.settle]; −1 for none

	ration *ration.Ration // of what is read now: of the samples, or of the epochs

	// What the first reading found.
	rowEpoch, rowSample []int32 // of each row: places in numbers and among the samples
	numbers             []int   // of the epochs, ascending
	counts              []int   // rows of each epoch
	samples             int
}

func openArrow(ctx context.Context, path string, o Options) (*Dataset, error) {
	a, err := colfile.OpenArrow(path)
	if err != nil {
		return nil, err
	}
	d, err := newTable(ctx, "arrow", path, a.Size, a, o)
	if err == nil && a.Endless() {
		d.note("%s: the stream has no mark at its end, which some programs leave out: if it was cut off between two batches, the rest is missing", path)
	}
	return d, err
}

func openParquet(ctx context.Context, path string, o Options) (*Dataset, error) {
	p, err := colfile.OpenParquet(path)
	if err != nil {
		return nil, err
	}
	return newTable(ctx, "parquet", path, p.Size, p, o)
}

// newTable finds out what the columns are and reads all but vectors.
func newTable(ctx context.Context, format, name string, size int64, f colfile.File, o Options) (*Dataset, error) {
	t := &table{name: name, size: size, file: f, o: o, ration: limits.NewRation(size)}
	d := &Dataset{Format: format, source: t}
	err := ration.Guard(name, func() error {
		if err := t.classify(d); err != nil {
			return err
		}
		if n := f.Claimed(); n > t.maxRows() {
			return fmt.Errorf("%s: the file claims %d rows, more than its %d bytes can hold", name, n, size)
		}
		if err := t.readSamples(ctx, d); err != nil || !t.settle(d) {
			return err
		}
		return t.readSamples(ctx, d)
	})
	if err != nil {
		f.Close()
		return nil, err
	}
	return d, nil
}

// maxRows bounds the rows by the size of the file: a vector that is worth keeping takes at least a byte.
func (t *table) maxRows() int64 { return 1<<16 + t.size }

// classify finds the columns by their names and types.
func (t *table) classify(d *Dataset) error {
	schema := t.file.Schema()
	if schema.NumFields() == 0 {
		return fmt.Errorf("%s: the file has no columns", t.name)
	}
	if n := schema.NumFields(); n > limits.MaxColumns {
		return fmt.Errorf("%s: the file has %d columns: want at most %d", t.name, n, limits.MaxColumns)
	}
	var err error
	find := func(named string, names []string, ok func(arrow.DataType) bool) int {
		if named == None {
			return -1
		}
		if named == "" {
			return choose(names, schema.NumFields(), func(i int) string { return schema.Field(i).Name }, func(i int) bool { return ok(schema.Field(i).Type) })
		}
		for i, f := range schema.Fields() {
			if f.Name == named {
				if !ok(f.Type) && err == nil {
					err = fmt.Errorf("%s: the column %q is of type %s, which cannot be what it was named for", t.name, named, t.file.TypeName(i))
				}
				return i
			}
		}
		if err == nil {
			err = fmt.Errorf("%s: there is no column %q, only %s", t.name, named, t.columnNames())
		}
		return -1
	}
	t.id, t.label, t.epoch = find(t.o.ID, idNames, cells.HasText), find(t.o.Label, labelNames, cells.HasText), find(t.o.Epoch, epochNames, cells.NumbersEpochs)
	if t.apart = -1; t.epoch >= 0 && t.o.Epoch == "" && !usual(epochNames[:2], schema.Field(t.epoch).Name) {
		t.apart = t.epoch
	}
	t.prediction = find("", []string{"prediction"}, cells.HasText)
	t.loss, t.confidence = find("", []string{"loss"}, cells.IsNumber), find("", []string{"confidence"}, cells.IsNumber)
	for _, name := range t.o.Vectors {
		t.vectors = append(t.vectors, find(name, nil, cells.IsVector))
	}
	for _, axis := range []string{"x", "y", "z"} {
		if i := find("", []string{axis}, cells.IsNumber); i >= 0 {
			t.points = append(t.points, i)
		}
	}
	if err != nil {
		return err
	}
	if len(t.points) < 2 {
		t.points = nil
	}
	if t.id < 0 && t.o.ID == "" {
		isID := func(f arrow.Field) bool { return usual(idNames, f.Name) && !cells.IsVector(f.Type) }
		if i := slices.IndexFunc(schema.Fields(), isID); i >= 0 {
			return fmt.Errorf("%s: the column %q is of type %s, which cannot be ids: want texts or whole numbers, or another column with --id-column, or none with --id-column %s",
				t.name, schema.Field(i).Name, t.file.TypeName(i), None)
		}
	}
	return t.findVectors(d)
}

// settle reports whether the table must be read again, after a column called step turned out to be no number of epochs:
// where no sample has more than one, it is a property of the sample.
func (t *table) settle(d *Dataset) bool {
	if t.apart < 0 || t.id < 0 || len(t.numbers) < 2 || len(t.rowSample) > d.Samples.Count {
		return false
	}
	t.epoch, t.apart, t.metadata = -1, -1, append(t.metadata, t.apart)
	slices.Sort(t.metadata)
	t.rowEpoch, t.rowSample, d.Samples = nil, nil, Samples{}
	return true
}

// findVectors finds the columns of vectors, or of places, that the table is read for; the rest is metadata.
func (t *table) findVectors(d *Dataset) error {
	schema := t.file.Schema()
	var candidates []int
	for i, f := range schema.Fields() {
		if cells.IsVector(f.Type) {
			candidates = append(candidates, i)
		}
	}
	switch {
	case t.o.Points:
		t.vectors = nil
		if t.points == nil {
			return fmt.Errorf("%s: there are no columns x and y (and z) of numbers, only %s", t.name, t.columnNames())
		}
	case len(candidates) == 0:
		return fmt.Errorf("%s: no column holds vectors, lists of float32, float64 or float16: there are %s", t.name, t.columnNames())
	case len(t.vectors) == 0:
		t.vectors = candidates
		name := func(k int) string { return schema.Field(candidates[k]).Name }
		if k := choose(vectorNames, len(candidates), name, func(int) bool { return true }); k >= 0 {
			t.vectors = []int{candidates[k]}
		}
	}
	known := slices.Concat([]int{t.id, t.label, t.epoch, t.prediction, t.loss, t.confidence}, t.vectors, candidates)
	if t.points != nil {
		known = append(known, t.points...)
		if !t.o.Points {
			d.note("%s: the columns x and y are places on a map, not vectors: --points brings them in", t.name)
		}
	}
	for i, f := range schema.Fields() {
		switch {
		case slices.Contains(t.vectors, i):
		case slices.Contains(candidates, i) && !t.o.Points:
			d.note("%s: the column %q holds vectors too and is left out: name it with --vectors", t.name, f.Name)
		case slices.Contains(known, i):
		case !t.file.Readable(f.Type):
			d.note("%s: the column %q of type %s is left out", t.name, f.Name, t.file.TypeName(i))
		default:
			t.metadata = append(t.metadata, i)
		}
	}
	return nil
}

// columnNames lists the columns for people.
func (t *table) columnNames() string {
	var parts []string
	for i, f := range t.file.Schema().Fields() {
		if i == 20 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, fmt.Sprintf("%.40q (%.60s)", f.Name, t.file.TypeName(i)))
	}
	return strings.Join(parts, ", ")
}

// Close closes the file.
func (t *table) Close() error { return t.file.Close() }
