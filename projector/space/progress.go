package space

import "sync"

// Progress is told how far a stage is. Calls come one at a time, in no fixed
// goroutine, and must return soon. A nil Progress is silent.
type Progress func(stage string, done, total int)

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
