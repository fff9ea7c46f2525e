package ingest

import (
	"net/http"
	"sync"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// A budget is the memory that all requests share.
type budget struct {
	limit int64

	mu   sync.Mutex
	used int64
}

// take reserves n bytes, or says what to do instead.
func (b *budget) take(n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case n > b.limit:
		return httpjson.Refuse(http.StatusRequestEntityTooLarge, "too_large",
			"this takes %d bytes of memory, and the server has %d for all requests: send it in smaller parts", n, b.limit)
	case n > b.limit-b.used:
		e := httpjson.Refuse(http.StatusServiceUnavailable, "memory_full",
			"%d of %d bytes are taken by frames that wait for their epochs, or by requests that are being read: commit epochs, or try again in a moment", b.used, b.limit)
		e.After = 1
		return e
	}
	b.used += n
	return nil
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
}
