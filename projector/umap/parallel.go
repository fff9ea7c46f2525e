package umap

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Progress is told how far a stage is. Calls come one at a time, in no fixed
// goroutine, and must return soon. A nil Progress is silent.
type Progress func(stage string, done, total int)

// workers replaces 0 by the number of CPUs.
func workers(n int) int {
	if n <= 0 {
		return runtime.NumCPU()
	}
	return n
}

// each calls f(worker, task) for every task below n on up to crew
// goroutines, which take tasks in order as they become free. It returns
// ctx.Err() when ctx ends first. What f computes must not depend on worker.
func each(ctx context.Context, n, crew int, f func(worker, task int)) error {
	crew = min(workers(crew), n)
	var next atomic.Int64
	work := func(w int) {
		for ctx.Err() == nil {
			t := int(next.Add(1)) - 1
			if t >= n {
				return
			}
			f(w, t)
		}
	}
	var wg sync.WaitGroup
	for w := 1; w < crew; w++ {
		wg.Go(func() { work(w) })
	}
	work(0)
	wg.Wait()
	return ctx.Err()
}

// chunk is the number of rows in a unit of parallel work. It fixes the order
// of partial sums, so it must not depend on the number of workers.
const chunk = 1024

// chunks calls f(lo, hi) for the rows of every chunk of n.
func chunks(ctx context.Context, n, crew int, f func(lo, hi int)) error {
	return each(ctx, (n+chunk-1)/chunk, crew, func(_, t int) {
		f(t*chunk, min(n, (t+1)*chunk))
	})
}

// counter reports progress from several goroutines.
type counter struct {
	report Progress
	stage  string
	total  int

	mu   sync.Mutex
	done int
}

func (c *counter) add(n int) {
	if c.report == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done += n
	c.report(c.stage, c.done, c.total)
}
