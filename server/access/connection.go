package access

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// LimitConnections returns a listener that has at most n connections open, of which at most a quarter are strangers from one
// source: an address, or one IPv6 customer's network. Where there is no room for another one, the one of least standing is
// closed that has been idle for longest, and never the newest: so that nobody who has a token is kept out by those who have
// none. The sources of proxies are those of many people, and have no limit of their own.
//
// The server must know its connections again: set [http.Server.ConnContext] to [ConnContext].
func LimitConnections(l net.Listener, n int, proxies ...netip.Prefix) net.Listener {
	return &limited{Listener: l, most: n, proxies: proxies, open: map[*limitedConn]struct{}{}}
}

// ConnContext lets a guard find the connection of [LimitConnections] that a request came on, to say whose it is.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	return context.WithValue(ctx, connKey{}, c)
}

type connKey struct{}

// connOf returns the connection of a request, or nil where nobody limits connections.
func connOf(r *http.Request) *limitedConn {
	c, _ := r.Context().Value(connKey{}).(*limitedConn)
	return c
}

type limited struct {
	net.Listener
	most    int
	proxies []netip.Prefix

	mu   sync.Mutex
	open map[*limitedConn]struct{}
}

func (l *limited) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	ip := addressOf(inner.RemoteAddr().String())
	c := &limitedConn{Conn: inner, l: l, from: sourceOf(ip), proxied: within(l.proxies, ip)}
	for {
		victim, ok := l.add(c)
		if victim != nil {
			victim.Close()
		}
		if ok {
			return c, nil
		}
		time.Sleep(rush) // what comes meanwhile waits in the system's queue
	}
}

// add counts a connection in, and returns the one that must make room for it, if one must. It reports false where that one is
// fresh: then there is no room yet.
func (l *limited) add(c *limitedConn) (victim *limitedConn, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if n, first := l.strangersLocked(c.from, now); n >= max(1, l.most/4) && !c.proxied {
		victim = first
	} else if len(l.open) >= l.most {
		victim = l.leastLocked(now)
	}
	if victim != nil && victim.standing(now) == fresh {
		return nil, false
	}
	delete(l.open, victim)
	c.opened = now
	c.touch()
	l.open[c] = struct{}{}
	return victim, true
}

// leastLocked returns the connection that is to be closed first.
func (l *limited) leastLocked(now time.Time) (least *limitedConn) {
	for c := range l.open {
		if least == nil || c.before(least, now) {
			least = c
		}
	}
	return least
}

// strangersLocked counts the strangers of a source, and returns the one of them that is to be closed first.
func (l *limited) strangersLocked(from netip.Prefix, now time.Time) (n int, first *limitedConn) {
	for c := range l.open {
		if c.from != from || c.standing(now) > fresh {
			continue
		}
		n++
		if first == nil || c.before(first, now) {
			first = c
		}
	}
	return n, first
}

// A standing says how much a connection matters.
type standing int

const (
	stranger standing = iota // nobody with a right token has asked on it
	fresh                    // nor has there been the time to
	resting                  // somebody has, and no request is being answered
	working                  // one is
)

// A connection is fresh, and not closed for another one, until the server has waited for it for the grace, or it is no longer new.
// In a rush, further ones wait until the first have been looked at, so that strangers in a rush do not cut off who comes with them.
const (
	grace = 250 * time.Millisecond
	young = 2 * time.Second
	rush  = 5 * time.Millisecond // between two looks
)

type limitedConn struct {
	net.Conn
	l       *limited
	from    netip.Prefix
	proxied bool // it is a trusted proxy's
	opened  time.Time

	used    atomic.Int64 // when bytes last passed, in nanoseconds
	waits   atomic.Int64 // since when the server waits for bytes; 0 while it does not
	known   atomic.Bool  // somebody with a right token has asked
	refused atomic.Bool  // somebody without one has
	answers atomic.Int32 // requests of such that are being answered
}

func (c *limitedConn) standing(now time.Time) standing {
	switch {
	case c.answers.Load() > 0:
		return working
	case c.known.Load():
		return resting
	}
	if since := c.waits.Load(); !c.refused.Load() && now.Sub(c.opened) < young && (since == 0 || now.UnixNano()-since < int64(grace)) {
		return fresh
	}
	return stranger
}

// before reports whether c is to be closed before another one.
func (c *limitedConn) before(other *limitedConn, now time.Time) bool {
	a, b := c.standing(now), other.standing(now)
	return a < b || a == b && c.used.Load() < other.used.Load()
}

// work says that a request of somebody with a right token is being answered, until done is called. c may be nil.
func (c *limitedConn) work() (done func()) {
	if c == nil {
		return func() {}
	}
	c.known.Store(true)
	c.answers.Add(1)
	return func() { c.answers.Add(-1) }
}

// refuse says that somebody without a right token has asked. c may be nil.
func (c *limitedConn) refuse() {
	if c != nil {
		c.refused.Store(true)
	}
}

func (c *limitedConn) touch() { c.used.Store(time.Now().UnixNano()) }

func (c *limitedConn) Read(p []byte) (int, error) {
	c.waits.Store(time.Now().UnixNano())
	n, err := c.Conn.Read(p)
	c.waits.Store(0)
	if n > 0 {
		c.touch()
	}
	return n, err
}

func (c *limitedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if n > 0 {
		c.touch()
	}
	return n, err
}

func (c *limitedConn) Close() error {
	c.l.mu.Lock()
	delete(c.l.open, c)
	c.l.mu.Unlock()
	return c.Conn.Close()
}
