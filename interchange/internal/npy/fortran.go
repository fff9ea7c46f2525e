package npy

import (
	"bufio"
	"fmt"
	"io"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
)

// maxPasses bounds how often an array in Fortran order is read, a window at a time.
const maxPasses = 64

// A transposed array is one in Fortran (column-major) order, read in C order. Its elements are put in their places a window
// at a time: the file is read once where all of it fits [limits.WindowBytes], and as often as there are windows else.
type transposed struct {
	shape  []int
	size   int // of an element, in bytes
	header int64
	again  reopen
	ration *ration.Ration
	most   int64 // bytes of a window

	first  io.Reader // of the first pass: the data
	total  int64     // bytes
	done   int64     // bytes handed out or in window
	window []byte    // what is next, in C order
	room   []byte
}

// transpose makes a an array that is stored in Fortran order, of total bytes behind a header.
func (a *Array) transpose(total, header int64, again reopen) error {
	long := 0
	for _, d := range a.Shape {
		if d > 1 {
			long++
		}
	}
	if long < 2 { // the same in either order
		return nil
	}
	window := a.window()
	passes := (total + window - 1) / window
	if passes > maxPasses || passes > 1 && again == nil {
		return a.Errorf("the array is in Fortran (column-major) order and of %d bytes, too many to be put in order: save it again with np.save(path, np.ascontiguousarray(a))", total)
	}
	a.r = bufio.NewReaderSize(&transposed{
		shape: a.Shape, size: a.Dtype.Size, header: header, again: again, ration: a.ration, most: window, first: a.r, total: total,
	}, 1<<16)
	return nil
}

// window is how many bytes of an array are put in order at a time: an element at least.
func (a *Array) window() int64 {
	return max(min(int64(limits.WindowBytes), a.ration.Limit()/2), int64(a.Dtype.Size))
}

// Read implements [io.Reader].
func (t *transposed) Read(p []byte) (int, error) {
	if len(t.window) == 0 {
		if t.done == t.total {
			return 0, io.EOF
		}
		if err := t.pass(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.window)
	t.window = t.window[n:]
	return n, nil
}

// pass reads the file once, and fills the window with the elements that are next.
func (t *transposed) pass() error {
	r := t.first
	if t.done > 0 {
		if t.again == nil {
			return fmt.Errorf("it can be read once only")
		}
		f, err := t.again()
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.CopyN(io.Discard, f, t.header); err != nil {
			return err
		}
		r = bufio.NewReaderSize(f, 1<<20)
	}
	size := int64(t.size)
	lo := t.done / size // elements, in C order
	hi := min(t.total/size, lo+t.most/size)
	if err := t.ration.Count(t.total); err != nil {
		return err
	}
	if t.room == nil {
		if err := t.ration.Take((hi - lo) * size); err != nil {
			return err
		}
		t.room = make([]byte, (hi-lo)*size)
	}
	t.window = t.room[:(hi-lo)*size]

	strides := make([]int64, len(t.shape)) // of each dimension in C order, in elements
	stride := int64(1)
	for k := len(t.shape) - 1; k >= 0; k-- {
		strides[k] = stride
		stride *= int64(t.shape[k])
	}
	n, s := int64(t.shape[0]), strides[0]
	at := make([]int, len(t.shape)) // of the run at hand: the first index runs fastest
	piece := make([]byte, min(n*size, 1<<16/size*size+size))
	for range t.total / size / n {
		base := int64(0)
		for k := 1; k < len(at); k++ {
			base += int64(at[k]) * strides[k]
		}
		for from := int64(0); from < n; {
			run := piece[:min(int64(len(piece)), (n-from)*size)]
			if _, err := io.ReadFull(r, run); err != nil {
				return err
			}
			to := from + int64(len(run))/size
			for i := max(from, (lo-base+s-1)/s); i < to && base+i*s < hi; i++ {
				copy(t.window[(base+i*s-lo)*size:], run[(i-from)*size:(i-from+1)*size])
			}
			from = to
		}
		for k := 1; k < len(at); k++ {
			if at[k]++; at[k] < t.shape[k] {
				break
			}
			at[k] = 0
		}
	}
	if _, err := io.ReadFull(r, piece[:1]); err != io.EOF { // in an archive, it is where a wrong checksum shows
		return fmt.Errorf("the data are damaged: %v", err)
	}
	t.done = hi * size
	return nil
}
