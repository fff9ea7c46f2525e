package interchange

import (
	"fmt"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Budget is how much memory reading a Parquet or Arrow file may hold at a time, in bytes, beside [BudgetShare] of it for
// each byte of the file. What a file claims to need beyond that is an error.
var Budget int64 = 1 << 30

// BudgetShare is how many bytes of memory each byte of a Parquet or Arrow file adds to [Budget].
const BudgetShare = 16

// A ration is an allocator that gives out so much and then panics with an overdraft.
type ration struct {
	memory.Allocator
	left atomic.Int64
}

// An overdraft is what a file asked for beyond its budget.
type overdraft struct{ asked, left int64 }

func (o overdraft) Error() string {
	return fmt.Sprintf("it claims to need %d bytes of memory at once where %d are left: the file is damaged, or was made to fill the memory; write it in smaller row groups or batches", o.asked, o.left)
}

func newRation(fileSize int64) *ration {
	r := &ration{Allocator: memory.NewGoAllocator()}
	r.left.Store(Budget + BudgetShare*fileSize)
	return r
}

func (r *ration) take(n int) {
	if left := r.left.Add(-int64(n)); left < 0 {
		r.left.Add(int64(n))
		panic(overdraft{int64(n), left + int64(n)})
	}
}

// Allocate implements [memory.Allocator].
func (r *ration) Allocate(size int) []byte {
	r.take(size)
	return r.Allocator.Allocate(size)
}

// Reallocate implements [memory.Allocator].
func (r *ration) Reallocate(size int, b []byte) []byte {
	r.take(size - len(b))
	return r.Allocator.Reallocate(size, b)
}

// Free implements [memory.Allocator].
func (r *ration) Free(b []byte) {
	r.left.Add(int64(len(b)))
	r.Allocator.Free(b)
}

// guard calls f, and makes a panic of a library over a damaged file an error that names the file.
func guard(name string, f func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case overdraft:
			err = fmt.Errorf("%s: %w", name, p)
		default:
			err = fmt.Errorf("%s: the file is damaged: %.200v", name, p)
		}
	}()
	return f()
}
