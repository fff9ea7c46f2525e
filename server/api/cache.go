package api

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
)

var errUnfinished = errors.New("api: interrupted, try again")

// A cache keeps the few values that were asked for last, as far as they have room. Who asks for a value that is being made waits
// for it; what nobody waits for any more is not made.
type cache[K comparable, V any] struct {
	size   int           // values
	most   int64         // bytes of them; 0 = no limit
	weight func(V) int64 // bytes of a value; nil without such a limit

	mu      sync.Mutex
	entries map[K]*entry[V]
	order   []K // least recently used first
	bytes   int64
	making  sync.WaitGroup
}

type entry[V any] struct {
	ready   chan struct{} // closed when value and err are set
	value   V
	err     error
	weight  int64
	waiting int                // for it to be ready
	cancel  context.CancelFunc // ends the making of it
}

func newCache[K comparable, V any](size int) *cache[K, V] {
	return &cache[K, V]{size: size, entries: map[K]*entry[V]{}}
}

// newWeighed returns a cache of values that take up to most bytes together.
func newWeighed[K comparable, V any](size int, most int64, weight func(V) int64) *cache[K, V] {
	c := newCache[K, V](size)
	c.most, c.weight = most, weight
	return c
}

// get returns the value under key, which it makes if there is none. Failures are not kept. The context of build ends when the
// contexts of all who wait have.
func (c *cache[K, V]) get(ctx context.Context, key K, build func(context.Context) (V, error)) (V, error) {
	e := c.enter(ctx, key, build)
	select {
	case <-e.ready:
	case <-ctx.Done():
	}
	return c.leave(ctx, key, e)
}

// enter returns the entry under key, for which the caller waits then.
func (c *cache[K, V]) enter(ctx context.Context, key K, build func(context.Context) (V, error)) *entry[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order = append(slices.DeleteFunc(c.order, func(k K) bool { return k == key }), key)
	if e, ok := c.entries[key]; ok {
		e.waiting++
		return e
	}
	e := &entry[V]{ready: make(chan struct{}), err: errUnfinished, waiting: 1}
	ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	c.entries[key] = e
	c.trimLocked()
	c.making.Go(func() { c.make(ctx, key, e, build) })
	return e
}

// leave ends the wait for an entry, and returns what came of it.
func (c *cache[K, V]) leave(ctx context.Context, key K, e *entry[V]) (V, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.waiting--
	select {
	case <-e.ready:
		return e.value, e.err
	default:
	}
	if e.waiting == 0 {
		e.cancel()
		c.dropLocked(key, e) // who comes now begins anew
	}
	var none V
	return none, ctx.Err()
}

func (c *cache[K, V]) make(ctx context.Context, key K, e *entry[V], build func(context.Context) (V, error)) {
	value, err := c.try(ctx, build)
	e.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	e.value, e.err = value, err
	close(e.ready)
	switch {
	case err != nil:
		c.dropLocked(key, e)
	case c.entries[key] == e && c.weight != nil:
		e.weight = c.weight(value)
		c.bytes += e.weight
		c.trimLocked()
	}
}

// try builds a value. A panic, which would end the process here, is an error to those who wait.
func (c *cache[K, V]) try(ctx context.Context, build func(context.Context) (V, error)) (value V, err error) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("an answer could not be made", "panic", p, "stack", string(debug.Stack()))
			err = errUnfinished
		}
	}()
	return build(ctx)
}

// trimLocked drops what was asked for longest ago until the rest has room. The last one stays in any case.
func (c *cache[K, V]) trimLocked() {
	for len(c.order) > 1 && (len(c.order) > c.size || c.most > 0 && c.bytes > c.most) {
		c.dropLocked(c.order[0], c.entries[c.order[0]])
	}
}

// dropLocked forgets e, unless another value has taken its place.
func (c *cache[K, V]) dropLocked(key K, e *entry[V]) {
	if c.entries[key] == e {
		c.bytes -= e.weight
		delete(c.entries, key)
		c.order = slices.DeleteFunc(c.order, func(k K) bool { return k == key })
	}
}

// close waits for what is being made. Those who ask must have left.
func (c *cache[K, V]) close() { c.making.Wait() }
