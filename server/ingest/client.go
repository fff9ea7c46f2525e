package ingest

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// clientHeader is where a client says who it is: a text of its own, the same in all its requests.
const clientHeader = "Zoetrope-Client"

const (
	clientAlive = 3 * time.Minute // a client that was heard of within this time may still train: one sends a heartbeat each minute
	maxClients  = 100             // of a run that are remembered
	maxClient   = 300             // bytes of what a client calls itself
)

// clients are those that write a run, as far as they say who they are.
type clients struct {
	mu    sync.Mutex
	heard map[string]time.Time
}

// An otherClient is one that writes a run too.
type otherClient struct {
	Client  string  `json:"client"`
	Seconds float64 `json:"seconds"` // since it was last heard of
}

// hear notes that a client has written.
func (c *clients) hear(name string, now time.Time) {
	if name == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.heard, func(_ string, at time.Time) bool { return now.Sub(at) > clientAlive })
	if c.heard == nil {
		c.heard = map[string]time.Time{}
	}
	if _, ok := c.heard[name]; ok || len(c.heard) < maxClients {
		c.heard[name] = now
	}
}

// forget notes that a client has ended the run: it writes no more.
func (c *clients) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.heard, name)
}

// other returns the client that was heard of last, apart from the named one; nil if there is none that may still write.
func (c *clients) other(name string, now time.Time) *otherClient {
	c.mu.Lock()
	defer c.mu.Unlock()
	var last *otherClient
	for other, at := range c.heard {
		since := now.Sub(at).Seconds()
		if other != name && now.Sub(at) <= clientAlive && (last == nil || since < last.Seconds || since == last.Seconds && other < last.Client) {
			last = &otherClient{other, since}
		}
	}
	return last
}

// clientOf returns what a request's client calls itself, or "".
func clientOf(r *http.Request) (string, error) {
	name := r.Header.Get(clientHeader)
	if len(name) > maxClient || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c > '~' }) {
		return "", httpjson.Invalid("%s: must be at most %d bytes of printable ASCII", clientHeader, maxClient)
	}
	return name, nil
}
