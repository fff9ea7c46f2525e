package interchange

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/colfile"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
)

// A roll is what the first reading of a table collects.
type roll struct {
	t        *table
	d        *Dataset
	row      int
	columns  []int          // read, in the order of the schema
	place    map[int]int    // of a column among those read
	index    map[string]int // sample by id
	numbers  map[int]int    // epoch's place by number, in order of appearance
	inOrder  []int          // the epochs' numbers in that order
	counts   []int
	seen     map[[2]int]uint64 // by epoch and sample/64: which samples an epoch has had
	labels   []string
	labelled bool
	varying  []bool // of each column of metadata: it changes from epoch to epoch
	isJSON   []bool // … its texts are JSON: see [cells.JSONColumn]
	strings  map[string]string
	bytes    map[int]error // the columns of metadata that hold bytes, and why those are no text
}

// readSamples reads every row without its vector: who it is, of which epoch, and what is said of it.
func (t *table) readSamples(ctx context.Context, d *Dataset) error {
	r := &roll{t: t, d: d, place: map[int]int{}, index: map[string]int{}, numbers: map[int]int{}, strings: map[string]string{}, seen: map[[2]int]uint64{}, bytes: map[int]error{}}
	fields := t.file.Schema().Fields()
	for _, c := range slices.Concat([]int{t.id, t.label, t.epoch}, t.metadata) {
		if _, again := r.place[c]; c >= 0 && !again {
			r.place[c] = len(r.columns)
			r.columns = append(r.columns, c)
		}
	}
	var asJSON []string
	if list, ok := t.file.Schema().Metadata().GetValue(colfile.JSONKey); ok {
		json.Unmarshal([]byte(list), &asJSON) // what is no list lists nothing
	}
	for _, c := range t.metadata {
		name := fields[c].Name
		r.isJSON = append(r.isJSON, slices.Contains(asJSON, name))
		if _, ours := t.file.Schema().Metadata().GetValue(colfile.LayerKey); ours {
			name = strings.TrimPrefix(name, clashPrefix)
		}
		d.Samples.Columns = append(d.Samples.Columns, Column{Name: name})
	}
	r.varying = make([]bool, len(t.metadata))
	if len(r.columns) == 0 { // nothing but vectors: they are counted
		r.columns = append(r.columns, slices.Concat(t.vectors, t.points)[0])
	}
	if err := t.scan(ctx, r.columns, r.batch); err != nil {
		return err
	}
	return r.finish()
}

// scan calls f with every batch of some columns.
func (t *table) scan(ctx context.Context, columns []int, f func([]arrow.Array, int) error) error {
	b, err := t.file.Batches(ctx, columns)
	if err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	defer b.Close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch, rows, err := b.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		if err := f(batch, rows); err != nil {
			return err
		}
	}
}

func (r *roll) batch(columns []arrow.Array, rows int) error {
	t := r.t
	if int64(r.row)+int64(rows) > t.maxRows() || r.row+rows > math.MaxInt32 {
		return fmt.Errorf("%s: there are more rows than %d bytes can hold", t.name, t.size)
	}
	columns, err := r.legible(columns)
	if err != nil {
		return err
	}
	value := func(c, i int) any { return cells.Cell(columns[r.place[c]], i) }
	for i := range rows {
		epoch := 0
		if t.epoch >= 0 {
			n, err := epochOf(value(t.epoch, i), cells.FloatBits(columns[r.place[t.epoch]].DataType()))
			if err != nil && t.o.Epoch == "" {
				return r.errorf("%v; name the column of epochs with --epoch-column, or none with --epoch-column %s", err, None)
			}
			if err != nil {
				return r.errorf("%v", err)
			}
			epoch = n
		}
		e, known := r.numbers[epoch]
		if !known {
			if err := t.ration.Take(limits.SampleBytes); err != nil {
				return r.errorf("%w", err)
			}
			e = len(r.inOrder)
			r.numbers[epoch], r.inOrder = e, append(r.inOrder, epoch)
			r.counts = append(r.counts, 0)
		}
		s, err := r.sample(columns, i, e)
		if err != nil {
			return err
		}
		at := [2]int{e, s / 64}
		if bit := uint64(1) << (s % 64); r.seen[at]&bit != 0 {
			if t.epoch < 0 {
				return r.errorf("the id %q was there before: want one row for each sample; if the rows are of several epochs, name their column with --epoch-column", r.d.Samples.IDs[s])
			}
			return r.errorf("the id %q was there before at epoch %d: want one row for each sample and epoch", r.d.Samples.IDs[s], epoch)
		} else {
			r.seen[at] |= bit
		}
		r.counts[e]++
		t.rowEpoch, t.rowSample = append(t.rowEpoch, int32(e)), append(t.rowSample, int32(s))
		r.row++
	}
	return nil
}

// sample finds or adds the sample that a row of epoch e is of.
func (r *roll) sample(columns []arrow.Array, i, e int) (int, error) {
	t, all := r.t, &r.d.Samples
	of := func(c int) arrow.Array { return columns[r.place[c]] }
	var id, label string
	var err error
	s := r.counts[e] // without ids, rows of an epoch are samples in their order
	fresh := s == all.Count
	if t.id >= 0 {
		if id = cells.TextCell(of(t.id), i); id == "" {
			return 0, r.errorf("the id is empty or null")
		}
		if t := of(t.id).DataType(); cells.IsFloat(t) {
			if _, err := idOf(cells.Float(of(r.t.id), i), cells.FloatBits(t)); err != nil {
				return 0, r.errorf("%v", err)
			}
		}
		known := false
		if s, known = r.index[id]; !known {
			s, fresh = all.Count, true
			r.index[id] = s
			all.IDs = append(all.IDs, id)
		} else {
			fresh = false
		}
	}
	if t.label >= 0 {
		if label, err = r.shared(cells.TextCell(of(t.label), i)); err != nil {
			return 0, err
		}
	}
	if fresh {
		if err := t.ration.Take(limits.SampleBytes + int64(len(id)) + limits.CellBytes*int64(len(t.metadata))); err != nil {
			return 0, r.errorf("%w", err)
		}
		all.Count++
		r.labels = append(r.labels, label)
		r.labelled = r.labelled || label != ""
		for k, c := range t.metadata {
			v := r.value(k, of(c), i)
			if text, ok := v.(string); ok {
				if v, err = r.shared(text); err != nil {
					return 0, err
				}
			}
			all.Columns[k].Values = append(all.Columns[k].Values, v)
		}
		return s, nil
	}
	if r.labels[s] != label {
		return 0, r.errorf("the label of sample %d is %q here and %q before: a label stays the same at every epoch; what the network said belongs in a column prediction", s, label, r.labels[s])
	}
	for k, c := range t.metadata {
		r.varying[k] = r.varying[k] || all.Columns[k].Values[s] != r.value(k, of(c), i)
	}
	return s, nil
}

// value is a cell of the k-th column of metadata.
func (r *roll) value(k int, a arrow.Array, i int) any {
	v := cells.Cell(a, i)
	if s, ok := v.(string); ok && r.isJSON[k] {
		return cells.OfJSON(s)
	}
	return v
}

// shared returns one copy of equal strings, of which tables have many.
func (r *roll) shared(s string) (string, error) {
	const most = 1 << 16
	if known, ok := r.strings[s]; ok {
		return known, nil
	}
	if err := r.t.ration.Take(int64(len(s))); err != nil {
		return "", r.errorf("%w", err)
	}
	if len(r.strings) < most {
		r.strings[s] = s
	}
	return s, nil
}

func (r *roll) finish() error {
	t, d := r.t, r.d
	if r.row == 0 {
		return fmt.Errorf("%s: the file has no rows", t.name)
	}
	t.numbers = slices.Sorted(slices.Values(r.inOrder))
	place := make([]int32, len(t.numbers)) // by order of appearance
	t.counts = make([]int, len(t.numbers))
	for sorted, n := range t.numbers {
		place[r.numbers[n]] = int32(sorted)
		t.counts[sorted] = r.counts[r.numbers[n]]
	}
	for i, e := range t.rowEpoch {
		t.rowEpoch[i] = place[e]
	}
	if t.id < 0 {
		for sorted, n := range t.counts {
			if n != d.Samples.Count {
				return fmt.Errorf("%s: epoch %d has %d rows and others have %d: name the column of sample ids with --id-column",
					t.name, t.numbers[sorted], n, d.Samples.Count)
			}
		}
	}
	if r.labelled {
		d.Samples.Labels = r.labels
	}
	var kept []Column
	for k, c := range d.Samples.Columns {
		if err := r.bytes[t.metadata[k]]; err != nil {
			d.note("%s: the column %q holds bytes that are no text and is left out: %v", t.name, c.Name, err)
			continue
		}
		if r.varying[k] {
			d.note("%s: the column %s changes from epoch to epoch and is left out: metadata belong to a sample", t.name, strconv.Quote(c.Name))
			continue
		}
		kept = append(kept, c)
	}
	d.Samples.Columns = kept
	t.samples = d.Samples.Count
	d.Count, d.Numbered = len(t.numbers), t.epoch >= 0
	return nil
}

func (r *roll) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: row %d: "+format, append([]any{r.t.name, r.row}, args...)...)
}
