package interchange

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/colfile"
)

// arrow writes an Arrow IPC file or stream with a batch for each epoch, see [tableColumns]. Vectors are a fixed-size list;
// nothing is compressed, since not every reader can undo it.
func (s *sink) arrow(ctx context.Context, w io.Writer, stream bool) (err error) {
	c := s.columns()
	schema := s.arrowSchema(c)
	var out interface {
		Write(arrow.RecordBatch) error
		Close() error
	}
	if stream {
		out = ipc.NewWriter(w, ipc.WithSchema(schema))
	} else if out, err = ipc.NewFileWriter(w, ipc.WithSchema(schema)); err != nil {
		return err
	}
	err = s.eachEpoch(ctx, func(e *tableEpoch) error {
		batch := s.batch(schema, c, e)
		defer batch.Release()
		return out.Write(batch)
	})
	return errors.Join(err, out.Close())
}

func (s *sink) arrowSchema(c tableColumns) *arrow.Schema {
	fields := []arrow.Field{
		{Name: "epoch", Type: arrow.PrimitiveTypes.Int32},
		{Name: "id", Type: arrow.BinaryTypes.String},
	}
	add := func(name string, t arrow.DataType) {
		fields = append(fields, arrow.Field{Name: name, Type: t, Nullable: true})
	}
	if c.labels {
		add("label", arrow.BinaryTypes.String)
	}
	if c.outputs {
		add("prediction", arrow.BinaryTypes.String)
		add("loss", arrow.PrimitiveTypes.Float64)
		add("confidence", arrow.PrimitiveTypes.Float64)
	}
	if c.dim > 0 {
		add("vector", arrow.FixedSizeListOfNonNullable(int32(c.dim), arrow.PrimitiveTypes.Float32))
	}
	for i := range c.dims {
		add([]string{"x", "y", "z"}[i], arrow.PrimitiveTypes.Float32)
	}
	for i, m := range c.metadata {
		add(m.Name, map[cells.Kind]arrow.DataType{
			cells.TextColumn: arrow.BinaryTypes.String, cells.JSONColumn: arrow.BinaryTypes.String, cells.BoolColumn: arrow.FixedWidthTypes.Boolean,
			cells.IntColumn: arrow.PrimitiveTypes.Int64, cells.FloatColumn: arrow.PrimitiveTypes.Float64,
		}[c.kinds[i]])
	}
	keys, values := []string{colfile.LayerKey}, []string{s.Layer}
	if list := c.json(); list != "" {
		keys, values = append(keys, colfile.JSONKey), append(values, list)
	}
	meta := arrow.NewMetadata(keys, values)
	return arrow.NewSchema(fields, &meta)
}

// batch makes the rows of an epoch a record batch.
func (s *sink) batch(schema *arrow.Schema, c tableColumns, e *tableEpoch) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	defer b.Release()
	b.Reserve(len(e.rows))
	field := 0
	next := func() array.Builder {
		field++
		return b.Field(field - 1)
	}
	epoch, id := next().(*array.Int32Builder), next().(*array.StringBuilder)
	for _, sample := range e.rows {
		epoch.Append(int32(e.number))
		id.Append(s.Samples.id(sample))
	}
	if c.labels {
		appendTexts(next(), len(e.rows), func(i int) string { return s.Samples.Labels[e.rows[i]] })
	}
	if c.outputs {
		appendTexts(next(), len(e.rows), e.prediction)
		appendNumbers(next(), len(e.rows), e.loss)
		appendNumbers(next(), len(e.rows), e.confidence)
	}
	if c.dim > 0 {
		list := next().(*array.FixedSizeListBuilder)
		values := list.ValueBuilder().(*array.Float32Builder)
		for _, v := range e.vectorOf {
			if v < 0 {
				list.AppendNull()
				continue
			}
			list.Append(true)
			values.AppendValues(e.vectors.Data[v*c.dim:(v+1)*c.dim], nil)
		}
	}
	for k := range c.dims {
		axis := next().(*array.Float32Builder)
		for _, p := range e.pointOf {
			if p < 0 {
				axis.AppendNull()
				continue
			}
			axis.Append(e.points.Data[p*c.dims+k])
		}
	}
	for k := range c.metadata {
		column := next()
		for _, sample := range e.rows {
			appendCell(column, c.cell(k, sample))
		}
	}
	return b.NewRecordBatch()
}

// appendTexts appends n texts; the empty one is null.
func appendTexts(b array.Builder, n int, text func(i int) string) {
	s := b.(*array.StringBuilder)
	for i := range n {
		if t := text(i); t != "" {
			s.Append(t)
		} else {
			s.AppendNull()
		}
	}
}

// appendNumbers appends n numbers; NaN is null.
func appendNumbers(b array.Builder, n int, number func(i int) float64) {
	f := b.(*array.Float64Builder)
	for i := range n {
		if v := number(i); !math.IsNaN(v) {
			f.Append(v)
		} else {
			f.AppendNull()
		}
	}
}

// appendCell appends a value of metadata to a column of its kind.
func appendCell(b array.Builder, v any) {
	if v == nil {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(v.(string))
	case *array.BooleanBuilder:
		b.Append(v.(bool))
	case *array.Int64Builder:
		b.Append(v.(int64))
	case *array.Float64Builder:
		b.Append(v.(float64))
	}
}
