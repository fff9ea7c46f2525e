// Package limits bounds what a file of any format may take: memory, time, columns and the length of a text.
package limits

import (
	"fmt"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
)

// Budget is how much memory what is made of a file may take at a time, in bytes, beside [BudgetShare] of it for each byte of
// the file. What needs more is refused before there is memory for it. The vectors of an epoch count while it is read.
var Budget int64 = 96 << 20

// BudgetShare is how many bytes of memory each byte of a file adds to [Budget]. In Parquet and Arrow files, whose bytes are
// read as they are, it is packedShare.
const (
	BudgetShare = 16
	packedShare = 4
)

// What may be made of a file in all, one after the other, as by unpacking it: so many bytes, and so many for each byte of it.
// It is a limit on time.
var budgetInAll int64 = 1 << 30

const inAllShare = 32

// Limits on what a file may have, whatever its format.
const (
	MaxColumns = 4096    // of metadata
	MaxText    = 1 << 20 // bytes of a label, an id, a prediction or a cell of metadata
	MaxDim     = 1 << 18 // columns of a vector, as many as a store takes
)

// Estimates of the memory that values take until they are stored, in bytes, beside their text.
const (
	CellBytes = 64 // of metadata: a string, a value, and their place in a sample's
	TextBytes = 32 // a label or an id
)

// NewRation returns the ration of a file of some size.
func NewRation(size int64) *ration.Ration {
	return ration.New(Budget+BudgetShare*size, budgetInAll+inAllShare*size)
}

// NewPackedRation returns the ration of a Parquet or Arrow file of some size.
func NewPackedRation(size int64) *ration.Ration {
	return ration.New(Budget+packedShare*size, budgetInAll+inAllShare*size)
}

// SampleBytes is about what a sample takes until it is stored, in bytes, beside its texts and metadata.
const SampleBytes = 128

func TooLong(n int) error { return fmt.Errorf("it has %d bytes: want at most %d", n, MaxText) }

// WindowBytes bounds the epochs of a table that are put together at the same time. A file whose rows are in the order of
// the epochs needs one at a time; one with all epochs of each sample side by side is read several times if it must be.
var WindowBytes = 1 << 30
