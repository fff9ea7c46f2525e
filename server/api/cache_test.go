package api

import (
	"context"
	"errors"
	"testing"
)

// TestCacheAbandoned: what nobody waits for any more is ended, and made anew for who comes next; as long as one waits, it is made.
func TestCacheAbandoned(t *testing.T) {
	c := newCache[string, int](2)
	defer c.close()
	begun, ended := make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context) (int, error) {
		begun <- struct{}{}
		<-ctx.Done()
		close(ended)
		return 0, ctx.Err()
	}
	first, leaveFirst := context.WithCancel(t.Context())
	second, leaveSecond := context.WithCancel(t.Context())
	left := make(chan error, 2)
	go func() {
		_, err := c.get(first, "k", slow)
		left <- err
	}()
	<-begun
	go func() {
		_, err := c.get(second, "k", slow)
		left <- err
	}()
	for waiting := 0; waiting < 2; {
		c.mu.Lock()
		waiting = c.entries["k"].waiting
		c.mu.Unlock()
	}
	leaveFirst()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	select {
	case <-ended:
		t.Fatal("it is ended while somebody waits")
	default:
	}
	leaveSecond()
	<-ended
	<-left
	if v, err := c.get(t.Context(), "k", func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("who came next got %d, %v", v, err)
	}
}

// TestCacheWeight: values are kept as far as they have room, and the last one in any case.
func TestCacheWeight(t *testing.T) {
	c := newWeighed[int](10, 100, func(v int) int64 { return int64(v) })
	defer c.close()
	made := 0
	get := func(key, weight int) {
		t.Helper()
		v, err := c.get(t.Context(), key, func(context.Context) (int, error) { made++; return weight, nil })
		if v != weight || err != nil {
			t.Fatalf("%d: %d, %v", key, v, err)
		}
	}
	get(1, 60)
	get(2, 30)
	get(1, 60)
	if made != 2 {
		t.Errorf("%d values were made, want 2", made)
	}
	get(3, 40) // 2 goes, which was asked for longest ago, and 1 fits
	get(1, 60)
	get(2, 30)
	if made != 4 {
		t.Errorf("%d values were made, want 4", made)
	}
	get(4, 500)
	get(4, 500)
	if made != 5 || len(c.entries) != 1 || c.bytes != 500 {
		t.Errorf("%d made, %d kept, of %d bytes, want 5, 1, 500", made, len(c.entries), c.bytes)
	}
}

// TestCachePanic: what panics while it is made is an error to who waits, and not the end of the process.
func TestCachePanic(t *testing.T) {
	c := newCache[string, int](2)
	defer c.close()
	if _, err := c.get(t.Context(), "k", func(context.Context) (int, error) { panic("oops") }); !errors.Is(err, errUnfinished) {
		t.Errorf("get = %v", err)
	}
	if v, err := c.get(t.Context(), "k", func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("then = %d, %v", v, err)
	}
}
