// Package colfile reads Arrow and Parquet files as typed columns, in batches of rows, within the ration of the file.
package colfile

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
)

// A File is a file of rows and typed columns, read any number of times. What it calls may panic: see [ration.Guard].
type File interface {
	Schema() *arrow.Schema
	TypeName(column int) string // for people
	Claimed() int64             // rows, as the file says before it is read; 0: it does not say
	Readable(arrow.DataType) bool
	Batches(ctx context.Context, columns []int) (Batches, error)
	io.Closer
}

// Batches are rows of some columns, a part at a time. The arrays are good until the next call; [io.EOF] ends them.
type Batches interface {
	Next() (columns []arrow.Array, rows int, err error)
	Close()
}

// LayerKey is the metadata in which a file says which layer its vectors are of.
const LayerKey = "zoetrope:layer"

// JSONKey is the metadata in which a file lists its columns of JSON text, as JSON: see [cells.JSONColumn].
const JSONKey = "zoetrope:json"
