package vec

import (
	"context"
	"sync"
	"sync/atomic"
)

// Each calls f(worker, task) for every task below n on up to the given workers
// ([Workers] reads the setting), which take tasks in order as they become
// free. It returns ctx.Err() when ctx ends first, and then some tasks were not
// begun. What f computes must not depend on worker, which is below the number
// of workers and tells whose scratch to use.
func Each(ctx context.Context, n, workers int, f func(worker, task int)) error {
	workers = min(Workers(workers), n)
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
	for w := 1; w < workers; w++ {
		wg.Go(func() { work(w) })
	}
	work(0)
	wg.Wait()
	return ctx.Err()
}

// Chunk is the number of rows in a unit of parallel work. It fixes the order
// of partial sums, so it must not depend on the number of workers.
const Chunk = 1024

// ChunksOf is how many chunks n rows make.
func ChunksOf(n int) int { return (n + Chunk - 1) / Chunk }

// Chunks calls f(lo, hi) for the rows of every chunk of n, as [Each] does.
func Chunks(ctx context.Context, n, workers int, f func(lo, hi int)) error {
	return Each(ctx, ChunksOf(n), workers, func(_, t int) {
		f(t*Chunk, min(n, (t+1)*Chunk))
	})
}
