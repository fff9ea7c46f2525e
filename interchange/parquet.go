package interchange

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// parquetFile is a Parquet file as a [tableFile].
type parquetFile struct {
	name   string
	file   *os.File
	size   int64
	fields *arrow.Schema
	rows   int64
}

func openParquet(ctx context.Context, path string, o Options) (*Dataset, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	p := &parquetFile{name: path, file: f, size: size}
	err = guard(path, func() error {
		r, err := p.open()
		if err != nil {
			return err
		}
		p.rows = r.ParquetReader().NumRows()
		p.fields, err = r.Schema()
		return err
	})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: this Parquet file cannot be read: %w", path, err)
	}
	return newTable(ctx, "parquet", path, size, p, o)
}

// open reads the footer. The reader has its own place in the file.
func (p *parquetFile) open() (*pqarrow.FileReader, error) {
	mem := newRation(p.size)
	properties := parquet.NewReaderProperties(mem)
	r, err := file.NewParquetReader(io.NewSectionReader(p.file, 0, p.size), file.WithReadProps(properties))
	if err != nil {
		return nil, err
	}
	return pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, mem)
}

func (p *parquetFile) schema() *arrow.Schema { return p.fields }
func (p *parquetFile) claimed() int64        { return p.rows }
func (p *parquetFile) Close() error          { return p.file.Close() }

// A column of a nested type is read by the library in goroutines of its own, whose panics nobody could recover.
func (p *parquetFile) readable(t arrow.DataType) bool {
	return t.ID() != arrow.STRUCT && t.ID() != arrow.MAP
}

func (p *parquetFile) batches(ctx context.Context, columns []int) (batches, error) {
	r, err := p.open()
	if err != nil {
		return nil, err
	}
	b := &parquetBatches{left: p.rows, rows: p.batchRows(r, columns)}
	for _, c := range columns {
		reader, err := r.GetColumn(ctx, c)
		if err != nil {
			return nil, err
		}
		b.columns = append(b.columns, reader)
	}
	return b, nil
}

// batchRows is how many rows are read at a time: about 16 MiB of what the footer claims they take.
func (p *parquetFile) batchRows(r *pqarrow.FileReader, columns []int) int64 {
	const most, target = 1 << 13, 16 << 20
	var bytes, rows int64
	meta := r.ParquetReader().MetaData()
	for g := range meta.NumRowGroups() {
		group := meta.RowGroup(g)
		bytes, rows = bytes+group.TotalByteSize(), rows+group.NumRows()
	}
	if rows < 1 || bytes < 1 {
		return most
	}
	return min(most, max(1, target/max(1, bytes/rows)))
}

// parquetBatches reads some columns side by side.
type parquetBatches struct {
	columns    []*pqarrow.ColumnReader
	left, rows int64
	last       []arrow.Array
}

func (b *parquetBatches) next() ([]arrow.Array, int, error) {
	b.release()
	n := min(b.left, b.rows)
	if n <= 0 {
		return nil, 0, io.EOF
	}
	for i, c := range b.columns {
		chunked, err := c.NextBatch(n)
		if err != nil {
			return nil, 0, err
		}
		if int64(chunked.Len()) != n {
			return nil, 0, fmt.Errorf("column %d ends %d rows early: the file is truncated or damaged", i, n-int64(chunked.Len()))
		}
		one, err := joined(chunked)
		chunked.Release()
		if err != nil {
			return nil, 0, err
		}
		b.last = append(b.last, one)
	}
	b.left -= n
	return b.last, int(n), nil
}

// joined makes one array of a chunked one. The caller releases it.
func joined(c *arrow.Chunked) (arrow.Array, error) {
	if chunks := c.Chunks(); len(chunks) == 1 {
		chunks[0].Retain()
		return chunks[0], nil
	}
	return array.Concatenate(c.Chunks(), newRation(0))
}

func (b *parquetBatches) release() {
	for _, a := range b.last {
		a.Release()
	}
	b.last = b.last[:0]
}

func (b *parquetBatches) close() {
	b.release()
	for _, c := range b.columns {
		c.Release()
	}
}
