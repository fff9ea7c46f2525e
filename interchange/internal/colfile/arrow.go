package colfile

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/regular"
)

// arrowFile is an Arrow IPC file or stream as a [File].
type arrowFile struct {
	name   string
	file   *os.File
	Size   int64
	stream bool
	fields *arrow.Schema
}

// maxArrowMetadata bounds what describes a schema or a batch of an Arrow file, in bytes.
const maxArrowMetadata = 2 << 20

// OpenArrow opens the Arrow file at path and reads what its columns are. The caller closes it.
func OpenArrow(path string) (*arrowFile, error) {
	f, size, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 6)
	if _, err := f.ReadAt(head, 0); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	a := &arrowFile{name: path, file: f, Size: size, stream: !bytes.Equal(head, []byte("ARROW1"))}
	err = ration.Guard(path, func() error {
		if err := a.checkHead(); err != nil {
			return err
		}
		if err := a.checkPacked(); err != nil {
			return err
		}
		if a.stream {
			r, err := a.openStream()
			if err == nil {
				a.fields = r.Schema()
				r.Release()
			}
			return err
		}
		r, err := ipc.NewFileReader(io.NewSectionReader(f, 0, size), a.options()...)
		if err == nil {
			a.fields = r.Schema()
			err = r.Close()
		}
		return err
	})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: this Arrow file cannot be read; it may be truncated: %w", path, err)
	}
	return a, nil
}

// Endless reports whether the file is a stream without a mark at its end.
func (a *arrowFile) Endless() bool {
	if !a.stream {
		return false
	}
	var end [8]byte
	_, err := a.file.ReadAt(end[:], a.Size-8)
	return err != nil || string(end[:]) != "\xff\xff\xff\xff\x00\x00\x00\x00"
}

// options bound what a message of the file may claim.
func (a *arrowFile) options() []ipc.Option {
	return []ipc.Option{
		ipc.WithAllocator(limits.NewPackedRation(a.Size)), ipc.WithMetadataSizeLimit(min(a.Size, maxArrowMetadata)), ipc.WithBodySizeLimit(max(a.Size, 1)),
	}
}

// openStream reads the schema. The messages are read with the limits on them, which [ipc.NewReader] would not do.
func (a *arrowFile) openStream() (*ipc.Reader, error) {
	section := bufio.NewReaderSize(io.NewSectionReader(a.file, 0, a.Size), 1<<18)
	return ipc.NewReaderFromMessageReader(ipc.NewMessageReader(section, a.options()...), a.options()...)
}

func (a *arrowFile) Schema() *arrow.Schema          { return a.fields }
func (a *arrowFile) TypeName(i int) string          { return a.fields.Field(i).Type.String() }
func (a *arrowFile) Claimed() int64                 { return 0 }
func (a *arrowFile) Readable(t arrow.DataType) bool { return true }
func (a *arrowFile) Close() error                   { return a.file.Close() }

func (a *arrowFile) Batches(_ context.Context, columns []int) (Batches, error) {
	b := &arrowBatches{columns: columns}
	if a.stream {
		r, err := a.openStream()
		if err != nil {
			return nil, err
		}
		b.read = func() (arrow.RecordBatch, error) {
			if r.Next() {
				return r.RecordBatch(), nil
			}
			if err := r.Err(); err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			return nil, io.EOF
		}
		b.end = r.Release
		return b, nil
	}
	r, err := ipc.NewFileReader(io.NewSectionReader(a.file, 0, a.Size), a.options()...)
	if err != nil {
		return nil, err
	}
	next := 0
	b.read = func() (arrow.RecordBatch, error) {
		if next == r.NumRecords() {
			return nil, io.EOF
		}
		next++
		return r.RecordBatch(next - 1)
	}
	b.end = func() { r.Close() }
	return b, nil
}

// arrowBatches reads some columns of each record batch.
type arrowBatches struct {
	columns []int
	read    func() (arrow.RecordBatch, error)
	end     func()
	picked  []arrow.Array
}

func (b *arrowBatches) Next() ([]arrow.Array, int, error) {
	for {
		batch, err := b.read()
		if err != nil {
			return nil, 0, err
		}
		if batch.NumRows() == 0 {
			continue
		}
		b.picked = b.picked[:0]
		for _, c := range b.columns {
			column := batch.Column(c)
			if int64(column.Len()) != batch.NumRows() {
				return nil, 0, fmt.Errorf("column %d of a batch has %d rows of %d", c, column.Len(), batch.NumRows())
			}
			b.picked = append(b.picked, column)
		}
		return b.picked, int(batch.NumRows()), nil
	}
}

func (b *arrowBatches) Close() { b.end() }
