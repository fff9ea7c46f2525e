package vec

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Workers returns how many workers a setting asks for: workers itself, or the
// number of CPUs that Go may use where it is zero or less.
func Workers(workers int) int {
	if workers > 0 {
		return workers
	}
	return runtime.GOMAXPROCS(0)
}

// Parallel calls f(worker, i) once for every i in [0, n), on up to workers
// goroutines ([Workers] reads the setting), of which the caller is one, and
// returns when all calls have. Pieces are handed out in ascending order to
// the next free worker; worker, below the number of workers, tells whose scratch to
// use. Parallel itself does not allocate once it has run: a caller that must not
// either keeps f instead of making it anew.
func Parallel(workers, n int, f func(worker, i int)) {
	workers = min(Workers(workers), n)
	if workers <= 1 {
		for i := range n {
			f(0, i)
		}
		return
	}
	c := crews.Get().(*crew)
	c.f, c.n = f, int64(n)
	c.next.Store(0)
	c.hired.Store(0)
	c.wait.Add(workers - 1)
	for range workers - 1 {
		go c.help()
	}
	c.work(0)
	c.wait.Wait()
	c.f = nil
	crews.Put(c)
}

// A crew is one call of Parallel.
type crew struct {
	f     func(worker, i int)
	n     int64
	next  atomic.Int64 // the next piece
	hired atomic.Int64 // helpers that have started
	wait  sync.WaitGroup
	help  func() // the function a helper runs; made once, so that starting it does not allocate
}

var crews = sync.Pool{New: func() any {
	c := new(crew)
	c.help = func() {
		defer c.wait.Done()
		c.work(int(c.hired.Add(1)))
	}
	return c
}}

func (c *crew) work(worker int) {
	for {
		i := c.next.Add(1) - 1
		if i >= c.n {
			return
		}
		c.f(worker, int(i))
	}
}
