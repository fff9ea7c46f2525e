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
	c.touch()
	for _, other := range l.add(c) {
		other.Close()
	}
	return c, nil
}

// add counts a connection in, and returns those that must make room for it.
func (l *limited) add(c *limitedConn) (victims []*limitedConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n, longest := l.strangersLocked(c.from); n >= max(1, l.most/4) && !c.proxied {
		victims = append(victims, longest)
		delete(l.open, longest)
	}
	if len(l.open) >= l.most {
		var least *limitedConn
		for other := range l.open {
			if least == nil || other.before(least) {
				least = other
			}
		}
		victims = append(victims, least)
		delete(l.open, least)
	}
	l.open[c] = struct{}{}
	return victims
}

// strangersLocked counts the strangers of a source, and returns the one of them that has been idle for longest.
func (l *limited) strangersLocked(from netip.Prefix) (n int, longest *limitedConn) {
	for c := range l.open {
		if c.from != from || c.standing() != stranger {
			continue
		}
		n++
		if longest == nil || c.before(longest) {
			longest = c
		}
	}
	return n, longest
}

// A standing says how much a connection matters.
type standing int

const (
	stranger standing = iota // nobody with a right token has asked on it
	resting                  // somebody has, and no request is being answered
	working                  // one is
)

type limitedConn struct {
	net.Conn
	l       *limited
	from    netip.Prefix
	proxied bool // it is a trusted proxy's

	used    atomic.Int64 // when bytes last passed, in nanoseconds
	known   atomic.Bool  // somebody with a right token has asked
	answers atomic.Int32 // requests of such that are being answered
}

func (c *limitedConn) standing() standing {
	switch {
	case c.answers.Load() > 0:
		return working
	case c.known.Load():
		return resting
	}
	return stranger
}

// before reports whether c is to be closed before another one.
func (c *limitedConn) before(other *limitedConn) bool {
	a, b := c.standing(), other.standing()
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

func (c *limitedConn) touch() { c.used.Store(time.Now().UnixNano()) }

func (c *limitedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
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
