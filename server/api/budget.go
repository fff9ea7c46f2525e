package api

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// What heavy requests may take together, and how many of them wait for it.
const (
	maxWork    = 1 << 30          // bytes
	maxWaiting = 64               // requests
	maxWait    = 20 * time.Second // of one
)

// A budget admits heavy work: what takes much memory or all processors, such as vectors as JSON, the neighbours of all samples
// and sheets of pictures. Whatever finds no room within a moment is refused: the process logs, too.
type budget struct {
	bytes      int64 // of memory, for all together
	processors int
	wait       time.Duration

	mu      sync.Mutex
	taken   load
	waiting int
	freed   chan struct{} // closed, and replaced, when something is given back
}

// A load is what work takes.
type load struct {
	bytes      int64
	processors int
}

func newBudget(bytes int64) *budget {
	return &budget{bytes: bytes, processors: runtime.GOMAXPROCS(0), wait: maxWait, freed: make(chan struct{})}
}

// everyProcessor is the load of work that runs on all processors: one such at a time.
func (b *budget) everyProcessor(bytes int64) load { return load{bytes, b.processors} }

// take waits until there is room for a load, which must be given back by calling done. More than the whole budget is refused for
// good, with instead, which says what to ask for.
func (b *budget) take(ctx context.Context, l load, instead string) (done func(), err error) {
	if l.bytes > b.bytes {
		return nil, httpjson.Refuse(http.StatusRequestEntityTooLarge, "too_large",
			"this would take about %d MiB of memory, and the server has %d MiB for all that read: %s", l.bytes>>20, b.bytes>>20, instead)
	}
	late := time.NewTimer(b.wait)
	defer late.Stop()
	for waits := false; ; waits = true {
		freed, err := b.try(l, waits)
		if err != nil {
			return nil, err
		}
		if freed == nil {
			return sync.OnceFunc(func() { b.give(l) }), nil
		}
		select {
		case <-freed:
		case <-late.C:
			b.leave()
			return nil, errBusy()
		case <-ctx.Done():
			b.leave()
			return nil, ctx.Err()
		}
	}
}

func errBusy() error {
	return httpjson.Busy(2, "the server has its hands full with large requests: ask again in a moment")
}

// try takes a load, or returns what is closed when something is given back. waits says that the caller is one of those who wait.
func (b *budget) try(l load, waits bool) (freed <-chan struct{}, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taken.bytes+l.bytes <= b.bytes && b.taken.processors+l.processors <= b.processors {
		b.taken.bytes += l.bytes
		b.taken.processors += l.processors
		if waits {
			b.waiting--
		}
		return nil, nil
	}
	if !waits {
		if b.waiting >= maxWaiting {
			return nil, errBusy()
		}
		b.waiting++
	}
	return b.freed, nil
}

func (b *budget) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting--
}

func (b *budget) give(l load) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken.bytes -= l.bytes
	b.taken.processors -= l.processors
	close(b.freed)
	b.freed = make(chan struct{})
}
