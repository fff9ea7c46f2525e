package measure

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls f for every task from 0 to n−1, each with the number of the worker that runs it, and waits.
// Workers take the next task when they are free, so f must write only what belongs to its task or its worker.
func parallel(ctx context.Context, workers, n int, f func(worker, task int)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range min(workers, n) {
		wg.Go(func() {
			for ctx.Err() == nil {
				task := int(next.Add(1)) - 1
				if task >= n {
					return
				}
				f(w, task)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

func workerCount(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}
