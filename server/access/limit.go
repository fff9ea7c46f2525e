package access

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// How long requests and answers may take.
const (
	patience  = 30 * time.Second // for a body to begin, and besides its size
	slowest   = 32 << 10         // bytes per second that a body must come at, on average
	unsized   = 2 * time.Minute  // for a body of unknown length
	answering = 10 * time.Minute // for an answer to be taken; event streams set their own time, again and again
)

// limitTime gives a request's body and its answer their time, so that nobody holds a connection by being slow.
func (g *Guard) limitTime(w http.ResponseWriter, r *http.Request) {
	now := time.Now() // the connection's time, which no test changes
	control := http.NewResponseController(w)
	control.SetWriteDeadline(now.Add(answering)) // where there are no deadlines, as in tests, there is no limit
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return
	}
	wait := unsized
	if r.ContentLength > 0 {
		wait = g.patience + time.Duration(r.ContentLength/slowest)*time.Second
	}
	control.SetReadDeadline(now.Add(wait))
	r.Body = &timedBody{r.Body, control}
}

// A timedBody lifts the deadline when it has been read: what is then read from the connection only tells that the client
// is still there.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) { // after another error, the rest of the body must not be waited for
		b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// LimitConnections returns a listener that has at most n connections open. Further ones wait until one is closed.
func LimitConnections(l net.Listener, n int) net.Listener {
	return &limited{Listener: l, free: make(chan struct{}, n), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	free   chan struct{} // holds an element for each open connection
	once   sync.Once
	closed chan struct{}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &limitedConn{Conn: c, l: l}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	l    *limited
	once sync.Once
}

func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.l.free })
	return err
}
