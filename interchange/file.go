package interchange

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
)

// A tableFile is a file of rows and typed columns, read any number of times. What it calls may panic: see [ration.Guard].
type tableFile interface {
	schema() *arrow.Schema
	typeName(column int) string // for people
	claimed() int64             // rows, as the file says before it is read; 0: it does not say
	readable(arrow.DataType) bool
	batches(ctx context.Context, columns []int) (batches, error)
	io.Closer
}

// batches are rows of some columns, a part at a time. The arrays are good until the next call; [io.EOF] ends them.
type batches interface {
	next() (columns []arrow.Array, rows int, err error)
	close()
}

// layerKey is the metadata in which a file says which layer its vectors are of.
const layerKey = "zoetrope:layer"

// jsonKey is the metadata in which a file lists its columns of JSON text, as JSON: see [jsonColumn].
const jsonKey = "zoetrope:json"
