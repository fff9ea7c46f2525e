package api

import (
	"errors"
	"slices"
	"sync"
)

var errUnfinished = errors.New("api: interrupted, try again")

// A cache keeps the few values that were asked for last. A call for a value that is being made waits for it.
type cache[K comparable, V any] struct {
	size int

	mu      sync.Mutex
	entries map[K]*entry[V]
	order   []K // least recently used first
}

type entry[V any] struct {
	ready chan struct{} // closed when value and err are set
	value V
	err   error
}

func newCache[K comparable, V any](size int) *cache[K, V] {
	return &cache[K, V]{size: size, entries: map[K]*entry[V]{}}
}

// get returns the value under key, which it makes if there is none. Failures are not kept.
func (c *cache[K, V]) get(key K, build func() (V, error)) (V, error) {
	c.mu.Lock()
	e, ok := c.entries[key]
	c.order = append(slices.DeleteFunc(c.order, func(k K) bool { return k == key }), key)
	if ok {
		c.mu.Unlock()
		<-e.ready
		return e.value, e.err
	}
	e = &entry[V]{ready: make(chan struct{})}
	c.entries[key] = e
	for len(c.order) > c.size {
		delete(c.entries, c.order[0])
		c.order = c.order[1:]
	}
	c.mu.Unlock()
	e.err = errUnfinished // the error that waiting calls get if build panics
	defer func() {
		close(e.ready)
		if e.err != nil {
			c.drop(key, e)
		}
	}()
	e.value, e.err = build()
	return e.value, e.err
}

// drop forgets e, unless another value has taken its place.
func (c *cache[K, V]) drop(key K, e *entry[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[key] == e {
		delete(c.entries, key)
		c.order = slices.DeleteFunc(c.order, func(k K) bool { return k == key })
	}
}
