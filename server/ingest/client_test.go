package ingest

import (
	"fmt"
	"testing"
	"time"
)

func TestClients(t *testing.T) {
	var c clients
	now := time.Now()
	if got := c.other("a", now); got != nil {
		t.Errorf("before anybody has written, there is %v", got)
	}
	c.hear("", now)
	c.hear("a", now)
	if got := c.other("a", now); got != nil {
		t.Errorf("beside a there is %v, want nobody", got)
	}
	c.hear("b", now.Add(time.Second))
	c.hear("c", now.Add(2*time.Second))
	if got := c.other("c", now.Add(4*time.Second)); got == nil || got.Client != "b" || got.Seconds != 3 {
		t.Errorf("beside c there is %v, want b, 3 s ago", got)
	}
	c.forget("b")
	if got := c.other("c", now.Add(4*time.Second)); got == nil || got.Client != "a" {
		t.Errorf("beside c there is %v, want a", got)
	}
	if got := c.other("x", now.Add(clientAlive+3*time.Second)); got != nil {
		t.Errorf("long after, there is still %v", got)
	}
	for i := range 2 * maxClients {
		c.hear(fmt.Sprint(i), now)
	}
	if len(c.heard) != maxClients {
		t.Errorf("%d clients are remembered, want %d", len(c.heard), maxClients)
	}
}
