package ingest

import (
	"net/http"
	"sync"

	"github.com/zoetrope-ml/zoetrope/internal/httpjson"
)

// remembered is how many answers are kept for requests that come again.
const remembered = 10_000

// answers keeps what requests with an idempotency key were answered, so that the same request again gets the same answer
// and is not done twice. Those that wrote an epoch, samples or metrics are in the store too, and survive a restart; these
// here are for all others, and spare the rest the way to the store.
type answers struct {
	mu    sync.Mutex
	known map[string]*given // by path and key
	order []string          // the oldest first
}

// A given answer, or one that is being made.
type given struct {
	hash   [32]byte      // of the request
	done   chan struct{} // closed when the rest is set
	ok     bool
	status int
	v      any
}

func newAnswers() *answers { return &answers{known: map[string]*given{}} }

// once does what a call asks, unless it was done before under the call's key. Whoever repeats a call that is still being
// done waits for its answer. Failures are not kept: the same request again tries again.
func (a *answers) once(c *call, do action) (status int, v any, err error) {
	if c.key == "" {
		return do(c)
	}
	name := c.r.Method + " " + c.r.URL.EscapedPath() + " " + c.key
	for {
		g, mine := a.reserve(name, c.hash)
		if mine {
			defer func() { // also when do panics
				g.status, g.v, g.ok = status, v, err == nil && status != 0
				if !g.ok {
					a.drop(name, g)
				}
				close(g.done)
			}()
			return do(c)
		}
		if g.hash != c.hash {
			return 0, nil, httpjson.Refuse(http.StatusUnprocessableEntity, "key_reused", "Idempotency-Key %q was used for another request: give each request a key of its own", c.key)
		}
		select {
		case <-g.done:
		case <-c.ctx().Done():
			return 0, nil, c.ctx().Err()
		}
		if g.ok {
			return g.status, g.v, nil
		}
	}
}

// reserve returns what is known under a name. If nothing is, the caller must make it.
func (a *answers) reserve(name string, hash [32]byte) (g *given, mine bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if g, ok := a.known[name]; ok {
		return g, false
	}
	g = &given{hash: hash, done: make(chan struct{})}
	a.known[name] = g
	a.order = append(a.order, name)
	for len(a.order) > remembered {
		delete(a.known, a.order[0])
		a.order = a.order[1:]
	}
	return g, true
}

func (a *answers) drop(name string, g *given) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known[name] == g {
		delete(a.known, name) // its place in order is harmless: at worst a later answer is forgotten early
	}
}
