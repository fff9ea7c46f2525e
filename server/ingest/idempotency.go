package ingest

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// What is kept of answers for requests that come again: the latest, as far as there is room.
const (
	maxRemembered   = 10_000   // answers
	rememberedBytes = 16 << 20 // of all of them, with their names
	answerBytes     = 300      // of an answer besides its name and body
)

// idempotency keeps the answers to requests with an idempotency key, so that a request that comes again gets the same answer
// and is not done twice. The store also keeps the keys of requests that wrote an epoch, samples or metrics, across restarts;
// the answers kept here cover all other requests, and save those a look into the store.
type idempotency struct {
	mu      sync.Mutex
	answers map[string]*answer // by path and key
	order   []string           // keys of answers, the oldest first
	bytes   int                // of answers
}

// An answer is one that was given, or one that is being made.
type answer struct {
	hash   [32]byte      // of the request
	done   chan struct{} // closed when the fields below are set
	ok     bool
	status int
	body   json.RawMessage
}

func newIdempotency() *idempotency { return &idempotency{answers: map[string]*answer{}} }

// once does what a call asks, unless it was done before under the call's key. A call that comes again while the first is
// still being done waits for its answer. Failures are not kept: the same request again tries again.
func (m *idempotency) once(c *call, do action) (status int, v any, err error) {
	if c.key == "" {
		return do(c)
	}
	name := c.r.Method + " " + c.r.URL.EscapedPath() + " " + c.key
	for {
		a, mine := m.reserve(name, c.hash)
		if mine {
			defer func() { // also when do panics
				body, bad := json.Marshal(v)
				a.status, a.body, a.ok = status, body, err == nil && status != 0 && bad == nil
				m.settle(name, a)
				close(a.done)
			}()
			return do(c)
		}
		if a.hash != c.hash {
			return 0, nil, httpjson.Refuse(http.StatusUnprocessableEntity, "key_reused", "Idempotency-Key %q was used for another request: give each request a key of its own", c.key)
		}
		select {
		case <-a.done:
		case <-c.ctx().Done():
			return 0, nil, c.ctx().Err()
		}
		if a.ok {
			return a.status, a.body, nil
		}
	}
}

// reserve returns the answer under a name. If there is none yet, it returns a new one, and mine: the caller must make it.
func (m *idempotency) reserve(name string, hash [32]byte) (a *answer, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a, ok := m.answers[name]; ok {
		return a, false
	}
	a = &answer{hash: hash, done: make(chan struct{})}
	m.answers[name] = a
	m.order = append(m.order, name)
	m.bytes += 2*len(name) + answerBytes
	m.forgetLocked()
	return a, true
}

// settle keeps an answer that was given, and drops one that was not. Its place in order is harmless then: at worst a later answer
// under the name is dropped early.
func (m *idempotency) settle(name string, a *answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.answers[name] != a: // dropped meanwhile
	case a.ok:
		m.bytes += len(a.body)
		m.forgetLocked()
	default:
		m.bytes -= 2*len(name) + answerBytes
		delete(m.answers, name)
	}
}

// forgetLocked drops the oldest answers until there is room for the rest.
func (m *idempotency) forgetLocked() {
	for len(m.order) > 0 && (len(m.order) > maxRemembered || m.bytes > rememberedBytes) {
		oldest := m.order[0]
		m.order[0] = "" // which the array would keep
		m.order = m.order[1:]
		if a, ok := m.answers[oldest]; ok {
			m.bytes -= 2*len(oldest) + answerBytes
			if a.ok {
				m.bytes -= len(a.body)
			}
			delete(m.answers, oldest)
		}
	}
}
