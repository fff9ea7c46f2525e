package interchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/colfile"
)

// parquet writes a Parquet file with a row group for each epoch, see [tableColumns]. Texts and the like are compressed by
// Snappy, which every reader knows, and vectors not at all, since they hardly shrink.
func (s *sink) parquet(ctx context.Context, w io.Writer) error {
	c := s.columns()
	root, err := parquetSchema(c)
	if err != nil {
		return err
	}
	kv := metadata.NewKeyValueMetadata()
	if err := kv.Append(colfile.LayerKey, s.Layer); err != nil {
		return err
	}
	if list := c.json(); list != "" {
		if err := kv.Append(colfile.JSONKey, list); err != nil {
			return err
		}
	}
	properties := parquet.NewWriterProperties(
		parquet.WithCompression(compress.Codecs.Snappy), parquet.WithCreatedBy("zoetrope"),
		parquet.WithCompressionFor("vector.list.element", compress.Codecs.Uncompressed), parquet.WithDictionaryFor("vector.list.element", false),
		parquet.WithStatsFor("vector.list.element", false),
		parquet.WithDictionaryFor("x", false), parquet.WithDictionaryFor("y", false), parquet.WithDictionaryFor("z", false),
	)
	out, err := file.NewParquetWriterWithError(w, root, file.WithWriterProps(properties), file.WithWriteMetadata(kv))
	if err != nil {
		return err
	}
	err = s.eachEpoch(ctx, func(e *tableEpoch) error { return s.rowGroup(out, c, e) })
	return errors.Join(err, out.Close())
}

func parquetSchema(c tableColumns) (*schema.GroupNode, error) {
	var fields schema.FieldList
	var failed error
	add := func(n schema.Node, err error) {
		failed = errors.Join(failed, err)
		fields = append(fields, n)
	}
	number := func(name string, t parquet.Type) {
		add(schema.NewPrimitiveNode(name, parquet.Repetitions.Optional, t, -1, -1))
	}
	text := func(name string, r parquet.Repetition) {
		add(schema.NewPrimitiveNodeLogical(name, r, schema.StringLogicalType{}, parquet.Types.ByteArray, -1, -1))
	}
	add(schema.NewPrimitiveNode("epoch", parquet.Repetitions.Required, parquet.Types.Int32, -1, -1))
	text("id", parquet.Repetitions.Required)
	if c.labels {
		text("label", parquet.Repetitions.Optional)
	}
	if c.outputs {
		text("prediction", parquet.Repetitions.Optional)
		number("loss", parquet.Types.Double)
		number("confidence", parquet.Types.Double)
	}
	if c.dim > 0 {
		element, err := schema.NewPrimitiveNode("element", parquet.Repetitions.Required, parquet.Types.Float, -1, -1)
		if err != nil {
			return nil, err
		}
		add(schema.ListOfWithName("vector", element, parquet.Repetitions.Optional, -1))
	}
	for i := range c.dims {
		number([]string{"x", "y", "z"}[i], parquet.Types.Float)
	}
	for i, m := range c.metadata {
		switch c.kinds[i] {
		case cells.BoolColumn:
			number(m.Name, parquet.Types.Boolean)
		case cells.IntColumn:
			number(m.Name, parquet.Types.Int64)
		case cells.FloatColumn:
			number(m.Name, parquet.Types.Double)
		default:
			text(m.Name, parquet.Repetitions.Optional)
		}
	}
	if failed != nil {
		return nil, failed
	}
	return schema.NewGroupNode("zoetrope", parquet.Repetitions.Required, fields, -1)
}

// rowGroup writes the rows of an epoch, column by column.
func (s *sink) rowGroup(out *file.Writer, c tableColumns, e *tableEpoch) error {
	g, err := out.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	w := &parquetColumns{g: g, n: len(e.rows)}
	w.write(func(int) any { return int32(e.number) })
	w.write(func(i int) any { return s.Samples.id(e.rows[i]) })
	if c.labels {
		w.write(func(i int) any { return orNil(s.Samples.Labels[e.rows[i]]) })
	}
	if c.outputs {
		w.write(func(i int) any { return orNil(e.prediction(i)) })
		w.write(func(i int) any { return finiteOrNil(e.loss(i)) })
		w.write(func(i int) any { return finiteOrNil(e.confidence(i)) })
	}
	if c.dim > 0 {
		w.vectors(c.dim, e)
	}
	for k := range c.dims {
		w.write(func(i int) any {
			if p := e.pointOf[i]; p >= 0 {
				return e.points.Data[p*c.dims+k]
			}
			return nil
		})
	}
	for k := range c.metadata {
		w.write(func(i int) any { return c.cell(k, e.rows[i]) })
	}
	return errors.Join(w.err, g.Close())
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func finiteOrNil(f float64) any {
	if math.IsNaN(f) {
		return nil
	}
	return f
}

// parquetColumns writes the columns of a row group in their order, and keeps the first error.
type parquetColumns struct {
	g   file.SerialRowGroupWriter
	n   int
	err error
}

// write writes the next column; nil is null.
func (w *parquetColumns) write(value func(i int) any) {
	if w.err != nil {
		return
	}
	column, err := w.g.NextColumn()
	if err != nil {
		w.err = err
		return
	}
	defer func() { w.err = errors.Join(w.err, column.Close()) }()
	optional := column.Descr().MaxDefinitionLevel() > 0
	switch column := column.(type) {
	case *file.BooleanColumnChunkWriter:
		w.err = writeColumn(w.n, optional, value, func(v bool) bool { return v }, column.WriteBatch)
	case *file.Int32ColumnChunkWriter:
		w.err = writeColumn(w.n, optional, value, func(v int32) int32 { return v }, column.WriteBatch)
	case *file.Int64ColumnChunkWriter:
		w.err = writeColumn(w.n, optional, value, func(v int64) int64 { return v }, column.WriteBatch)
	case *file.Float32ColumnChunkWriter:
		w.err = writeColumn(w.n, optional, value, func(v float32) float32 { return v }, column.WriteBatch)
	case *file.Float64ColumnChunkWriter:
		w.err = writeColumn(w.n, optional, value, func(v float64) float64 { return v }, column.WriteBatch)
	case *file.ByteArrayColumnChunkWriter:
		w.err = writeColumn(w.n, optional, value, func(v string) parquet.ByteArray { return parquet.ByteArray(v) }, column.WriteBatch)
	default:
		w.err = fmt.Errorf("a column of type %s is not written", column.Type())
	}
}

// writeColumn writes n values, of type V in memory and T in the file.
func writeColumn[V, T any](n int, optional bool, value func(i int) any, convert func(V) T, write func([]T, []int16, []int16) (int64, error)) error {
	values := make([]T, 0, n)
	var levels []int16
	if optional {
		levels = make([]int16, n)
	}
	for i := range n {
		v := value(i)
		if v == nil {
			continue
		}
		values = append(values, convert(v.(V)))
		if optional {
			levels[i] = 1
		}
	}
	_, err := write(values, levels, nil)
	return err
}

// vectors writes the column of vectors.
func (w *parquetColumns) vectors(dim int, e *tableEpoch) {
	if w.err != nil {
		return
	}
	column, err := w.g.NextColumn()
	if err != nil {
		w.err = err
		return
	}
	defer func() { w.err = errors.Join(w.err, column.Close()) }()
	out := column.(*file.Float32ColumnChunkWriter)
	const there, none = 2, 0 // definition levels: the list is optional and repeated, its elements are required
	defs, reps := make([]int16, dim), make([]int16, dim)
	for i := range defs {
		defs[i], reps[i] = there, 1
	}
	reps[0] = 0
	for _, v := range e.vectorOf {
		if v < 0 {
			_, w.err = out.WriteBatch(nil, []int16{none}, []int16{0})
		} else {
			_, w.err = out.WriteBatch(e.vectors.Data[v*dim:(v+1)*dim], defs, reps)
		}
		if w.err != nil {
			return
		}
	}
}
