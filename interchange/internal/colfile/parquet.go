package colfile

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/regular"
)

// parquetFile is a Parquet file as a [File]. It reads the columns itself: the library's own way to Arrow brings in an
// RPC system, 17 MB of it, and reads what is nested in goroutines whose panics nobody could recover.
type parquetFile struct {
	name   string
	file   *os.File
	Size   int64
	fields *arrow.Schema
	leaves []int // of each field: its only leaf, −1 if it has several or is of a type that is not read
	types  []string
	rows   int64
}

// maxFooter bounds what describes a Parquet file, in bytes.
const maxFooter = 8 << 20

// OpenParquet opens the Parquet file at path and reads its footer. The caller closes it.
func OpenParquet(path string) (*parquetFile, error) {
	f, size, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	p := &parquetFile{name: path, file: f, Size: size}
	if err := p.describe(); err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

// describe reads the footer.
func (p *parquetFile) describe() error {
	var tail [8]byte
	if p.Size < 12 {
		return fmt.Errorf("%s: the file is truncated: a Parquet file has at least 12 bytes", p.name)
	}
	if _, err := p.file.ReadAt(tail[:], p.Size-8); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	switch magic := string(tail[4:]); {
	case magic == "PARE":
		return fmt.Errorf("%s: the file is encrypted, which is not read", p.name)
	case magic != "PAR1":
		return fmt.Errorf("%s: the file is truncated: it does not end with PAR1", p.name)
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > maxFooter || n > p.Size-12 {
		return fmt.Errorf("%s: the file claims a footer of %d bytes: want at most %d and what fits the file's %d", p.name, n, maxFooter, p.Size)
	}
	footer := make([]byte, n)
	if _, err := p.file.ReadAt(footer, p.Size-8-n); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	if err := checkFooter(footer); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return ration.Guard(p.name, func() error {
		r, err := p.open(limits.NewPackedRation(p.Size))
		if err != nil {
			return fmt.Errorf("%s: the footer cannot be read: %w", p.name, err)
		}
		meta := r.MetaData()
		for i := range r.NumRowGroups() {
			n := meta.RowGroup(i).NumRows()
			if n < 0 || p.rows+n < p.rows {
				return fmt.Errorf("%s: row group %d claims %d rows", p.name, i, n)
			}
			p.rows += n
		}
		p.fields, p.leaves, p.types = fieldsOf(meta.Schema)
		said := map[string]string{}
		for _, key := range []string{LayerKey, JSONKey} {
			if v := meta.KeyValueMetadata().FindValue(key); v != nil {
				said[key] = *v
			}
		}
		m := arrow.MetadataFrom(said)
		p.fields = arrow.NewSchema(p.fields.Fields(), &m)
		return nil
	})
}

// open returns a reader with a place of its own in the file.
func (p *parquetFile) open(r *ration.Ration) (*file.Reader, error) {
	properties := parquet.NewReaderProperties(r)
	properties.BufferedStreamEnabled = true // else a column of a row group is in memory whole
	properties.MaxUncompressedPageSize = r.Limit()
	return file.NewParquetReader(io.NewSectionReader(p.file, 0, p.Size), file.WithReadProps(properties))
}

// fieldsOf describes the columns with Arrow's types: those that are read, and an empty struct for others; and for people.
func fieldsOf(s *schema.Schema) (all *arrow.Schema, leaves []int, types []string) {
	var fields []arrow.Field
	root := s.Root()
	at := map[string]int{}
	for i := range root.NumFields() {
		n := root.Field(i)
		at[n.Name()] = i
		fields = append(fields, arrow.Field{Name: n.Name(), Type: arrow.StructOf(), Nullable: true})
		leaves, types = append(leaves, -1), append(types, "a group of columns")
	}
	seen := make([]int, len(fields))
	for leaf := range s.NumColumns() {
		i, ok := at[s.ColumnRoot(leaf).Name()]
		if !ok {
			continue
		}
		if seen[i]++; seen[i] > 1 {
			fields[i].Type, leaves[i], types[i] = arrow.StructOf(), -1, "a group of columns"
			continue
		}
		c := s.Column(leaf)
		if t := leafType(c); t != nil {
			fields[i].Type, leaves[i], types[i] = t, leaf, t.String()
		} else if c.MaxRepetitionLevel() == 0 {
			types[i] = physicalName(c)
		}
	}
	return arrow.NewSchema(fields, nil), leaves, types
}

// physicalName names the type of a column that is not read.
func physicalName(c *schema.Column) string {
	switch l := c.LogicalType().(type) {
	case nil, schema.NoLogicalType, schema.UnknownLogicalType:
		return c.PhysicalType().String()
	default:
		return l.String()
	}
}

// leafType is what a column is read as: nil if it is not read.
func leafType(c *schema.Column) arrow.DataType {
	var t arrow.DataType
	switch c.PhysicalType() {
	case parquet.Types.Boolean:
		t = arrow.FixedWidthTypes.Boolean
	case parquet.Types.Int32, parquet.Types.Int64:
		switch l := c.LogicalType().(type) {
		case schema.DateLogicalType:
			t = arrow.FixedWidthTypes.Date32
		case schema.TimestampLogicalType:
			zone := "" // of which the file does not know
			if l.IsAdjustedToUTC() {
				zone = "UTC"
			}
			t = &arrow.TimestampType{Unit: timeUnits[l.TimeUnit()], TimeZone: zone}
		case schema.TimeLogicalType:
			if t = (&arrow.Time64Type{Unit: timeUnits[l.TimeUnit()]}); l.TimeUnit() == schema.TimeUnitMillis {
				t = arrow.FixedWidthTypes.Time32ms
			}
		case schema.DecimalLogicalType:
			t = decimalType(l)
		case schema.IntLogicalType:
			t = arrow.PrimitiveTypes.Int64
			if !l.IsSigned() {
				t = arrow.PrimitiveTypes.Uint64
			}
		case nil, schema.NoLogicalType, schema.UnknownLogicalType:
			t = arrow.PrimitiveTypes.Int64
		default:
			return nil
		}
	case parquet.Types.Float:
		t = arrow.PrimitiveTypes.Float32
	case parquet.Types.Double:
		t = arrow.PrimitiveTypes.Float64
	case parquet.Types.ByteArray:
		if l, ok := c.LogicalType().(schema.DecimalLogicalType); ok {
			t = decimalType(l)
		} else {
			t = arrow.BinaryTypes.String
		}
	case parquet.Types.FixedLenByteArray:
		switch l := c.LogicalType().(type) {
		case schema.DecimalLogicalType:
			t = decimalType(l)
		case schema.UUIDLogicalType:
			t = arrow.BinaryTypes.String // see newLeafReader
		case schema.Float16LogicalType:
			t = arrow.FixedWidthTypes.Float16
		}
		if widths := map[arrow.Type]int{arrow.STRING: 16, arrow.FLOAT16: 2}; t != nil && t.ID() != arrow.DECIMAL128 && c.TypeLength() != widths[t.ID()] {
			return nil
		}
	default:
		return nil
	}
	switch {
	case t == nil:
		return nil
	case c.MaxRepetitionLevel() == 0:
		return t
	case c.MaxRepetitionLevel() == 1:
		return arrow.ListOf(t)
	}
	return nil
}

var timeUnits = map[schema.TimeUnitType]arrow.TimeUnit{
	schema.TimeUnitMillis: arrow.Millisecond, schema.TimeUnitMicros: arrow.Microsecond, schema.TimeUnitNanos: arrow.Nanosecond,
}

// decimalType is what a column of decimals is read as: nil if it claims more digits than are read.
func decimalType(l schema.DecimalLogicalType) arrow.DataType {
	if l.Precision() < 1 || l.Precision() > 38 || l.Scale() < 0 || l.Scale() > l.Precision() {
		return nil
	}
	return &arrow.Decimal128Type{Precision: l.Precision(), Scale: l.Scale()}
}

func (p *parquetFile) Schema() *arrow.Schema          { return p.fields }
func (p *parquetFile) TypeName(i int) string          { return p.types[i] }
func (p *parquetFile) Claimed() int64                 { return p.rows }
func (p *parquetFile) Readable(t arrow.DataType) bool { return t.ID() != arrow.STRUCT }
func (p *parquetFile) Close() error                   { return p.file.Close() }

func (p *parquetFile) Batches(_ context.Context, columns []int) (Batches, error) {
	mem := limits.NewPackedRation(p.Size)
	r, err := p.open(mem)
	if err != nil {
		return nil, err
	}
	return &parquetBatches{file: p, r: r, columns: columns, mem: mem, rows: p.batchRows(r)}, nil
}

// batchRows is how many rows are read at a time: about 16 MiB of what the footer claims they take.
func (p *parquetFile) batchRows(r *file.Reader) int64 {
	const most, target = 1 << 13, 16 << 20
	var bytes int64
	for g := range r.NumRowGroups() {
		bytes += max(0, r.RowGroup(g).ByteSize())
	}
	return min(most, max(1, target/max(1, bytes/max(1, p.rows))))
}

// parquetBatches reads some columns side by side, row group by row group.
type parquetBatches struct {
	file    *parquetFile
	r       *file.Reader
	columns []int
	mem     *ration.Ration
	rows    int64 // at a time

	group int   // the next one
	left  int64 // rows of the group at hand
	open  []leafReader
	last  []arrow.Array
}

func (b *parquetBatches) Next() ([]arrow.Array, int, error) {
	b.release()
	for b.left == 0 {
		if b.group == b.r.NumRowGroups() {
			return nil, 0, io.EOF
		}
		if err := b.nextGroup(); err != nil {
			return nil, 0, err
		}
	}
	n := min(b.left, b.rows)
	for i, leaf := range b.open {
		a, err := leaf.read(int(n))
		if err != nil {
			return nil, 0, fmt.Errorf("row group %d, column %q: %w", b.group-1, b.file.fields.Field(b.columns[i]).Name, err)
		}
		b.last = append(b.last, a)
	}
	b.left -= n
	return b.last, int(n), nil
}

func (b *parquetBatches) nextGroup() error {
	g := b.r.RowGroup(b.group)
	b.group++
	b.left = g.NumRows()
	b.open = b.open[:0]
	for _, c := range b.columns {
		chunk, err := b.r.MetaData().RowGroup(b.group - 1).ColumnChunk(b.file.leaves[c])
		if err != nil {
			return err
		}
		atATime, err := b.file.checkPages(chunk, b.mem)
		if err != nil {
			return fmt.Errorf("row group %d, column %q: %w", b.group-1, b.file.fields.Field(c).Name, err)
		}
		column, err := g.Column(b.file.leaves[c])
		if err != nil {
			return err
		}
		atATime = min(atATime, max(1<<6, levelsAtATime/max(1, len(b.columns)/16))) // their buffers lie side by side
		leaf, err := newLeafReader(b.mem, column, b.file.fields.Field(c).Type, atATime)
		if err != nil {
			return err
		}
		b.open = append(b.open, leaf)
	}
	return nil
}

func (b *parquetBatches) release() {
	for _, a := range b.last {
		a.Release()
	}
	b.last = b.last[:0]
}

func (b *parquetBatches) Close() { b.release() }

// A leafReader reads the next rows of a column of a row group as an array that the caller releases.
type leafReader interface {
	read(rows int) (arrow.Array, error)
}

func newLeafReader(mem *ration.Ration, c file.ColumnChunkReader, t arrow.DataType, atATime int) (leafReader, error) {
	b := array.NewBuilder(mem, t)
	elements := b
	list, repeated := b.(*array.ListBuilder)
	if repeated {
		elements = list.ValueBuilder()
	}
	switch r := c.(type) {
	case *file.BooleanColumnChunkReader:
		return newLeaf(r, c, b, elements, atATime, elements.(*array.BooleanBuilder).Append), nil
	case *file.Int32ColumnChunkReader:
		return newLeaf(r, c, b, elements, atATime, func(v int32) { appendInt(elements, int64(v), uint64(uint32(v))) }), nil
	case *file.Int64ColumnChunkReader:
		return newLeaf(r, c, b, elements, atATime, func(v int64) { appendInt(elements, v, uint64(v)) }), nil
	case *file.Float32ColumnChunkReader:
		return newLeaf(r, c, b, elements, atATime, elements.(*array.Float32Builder).Append), nil
	case *file.Float64ColumnChunkReader:
		return newLeaf(r, c, b, elements, atATime, elements.(*array.Float64Builder).Append), nil
	case *file.ByteArrayColumnChunkReader:
		return newLeaf(r, c, b, elements, atATime, func(v parquet.ByteArray) { appendBytes(elements, v) }), nil
	case *file.FixedLenByteArrayColumnChunkReader:
		if uuids, ok := elements.(*array.StringBuilder); ok {
			return newLeaf(r, c, b, elements, atATime, func(v parquet.FixedLenByteArray) { uuids.Append(uuidOf(v)) }), nil
		}
		return newLeaf(r, c, b, elements, atATime, func(v parquet.FixedLenByteArray) { appendBytes(elements, v) }), nil
	}
	return nil, fmt.Errorf("a column of type %s is not read", t)
}
