// Package ration limits the memory that is given to what is made of a file, which may be far more than the file.
package ration

import (
	"fmt"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A Ration is how many bytes what is made of one file may take: at a time, and in all. Its methods may be called at the same
// time. As an allocator of Arrow, it panics with an [*Overdraft], which [Guard] makes an error; so do the libraries that are
// handed one.
type Ration struct {
	limit, inAll int64
	held, made   atomic.Int64
}

// New returns a ration of limit bytes at a time and inAll bytes in all.
func New(limit, inAll int64) *Ration { return &Ration{limit: limit, inAll: inAll} }

// An Overdraft is what a file asked for beyond its ration.
type Overdraft struct {
	Asked, Left int64 // bytes
	InAll       bool
}

func (o *Overdraft) Error() string {
	if o.InAll {
		return fmt.Sprintf("it becomes more than %d bytes, far more than its size lets expect: the file is damaged, or was made to fill the memory; write it in several files, or without compression", o.Left)
	}
	return fmt.Sprintf("it claims to need %d bytes of memory at once where %d are left: the file is damaged, or was made to fill the memory; write it in smaller row groups, batches or files, or without compression", o.Asked, o.Left)
}

// Limit is how many bytes may be taken at a time.
func (r *Ration) Limit() int64 { return r.limit }

// Take takes n bytes until they are given back. It is called before the memory is.
func (r *Ration) Take(n int64) error {
	if n < 0 {
		return &Overdraft{Asked: n}
	}
	if held := r.held.Add(n); held > r.limit || held < n {
		r.held.Add(-n)
		return &Overdraft{Asked: n, Left: max(0, r.limit-held+n)}
	}
	return nil
}

// Give gives n bytes back.
func (r *Ration) Give(n int64) { r.held.Add(-n) }

// Count counts n bytes that are made, of all that may be.
func (r *Ration) Count(n int64) error {
	if n < 0 || n > r.inAll || r.made.Add(n) > r.inAll {
		return &Overdraft{Asked: n, Left: r.inAll, InAll: true}
	}
	return nil
}

func (r *Ration) mustTake(n int) {
	if err := r.Take(int64(n)); err != nil {
		panic(err)
	}
}

// Allocate implements [memory.Allocator].
func (r *Ration) Allocate(size int) []byte {
	r.mustTake(size)
	return memory.DefaultAllocator.Allocate(size)
}

// Reallocate implements [memory.Allocator]. The old bytes and the new ones are there at the same time.
func (r *Ration) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		if size < len(b) {
			r.Give(int64(len(b) - size))
		} else {
			r.mustTake(size - len(b))
		}
		return b[:size]
	}
	r.mustTake(size)
	grown := memory.DefaultAllocator.Reallocate(size, b)
	r.Give(int64(len(b)))
	return grown
}

// Free implements [memory.Allocator].
func (r *Ration) Free(b []byte) { r.Give(int64(len(b))) }

// Guard calls f, and makes a panic of a library over a damaged file an error that names the file.
func Guard(name string, f func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *Overdraft:
			err = fmt.Errorf("%s: %w", name, p)
		default:
			err = fmt.Errorf("%s: the file is damaged: %.200v", name, p)
		}
	}()
	return f()
}
