package access

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// How long requests and answers may take.
const (
	strangers = 5 * time.Second  // for the body of somebody without a right token, and for the answer; and for what a handler left of a body
	patience  = 30 * time.Second // for a body to begin, and besides its size
	slowest   = 32 << 10         // bytes per second that a body must come at, on average
	answering = 10 * time.Minute // for an answer to be taken; event streams set their own time, again and again
)

// A clock gives a request's body and its answer their time, so that nobody holds a connection by being slow. Where there are
// no deadlines, as in tests without a connection, there is no limit.
type clock struct {
	control *http.ResponseController
	body    *timedBody // nil without one
}

// strangersTime gives a request the time of somebody who has not shown a right token: seconds, whatever size is announced.
func strangersTime(w http.ResponseWriter, r *http.Request) *clock {
	c := &clock{control: http.NewResponseController(w)}
	now := time.Now() // the connection's time, which no test changes
	c.control.SetWriteDeadline(now.Add(strangers))
	if r.ContentLength != 0 && r.Body != nil && r.Body != http.NoBody {
		c.control.SetReadDeadline(now.Add(strangers))
		c.body = &timedBody{ReadCloser: r.Body, control: c.control}
		r.Body = c.body
	}
	return c
}

// extend gives a request whose sender may ask the time that its answer and its body take.
func (c *clock) extend(patience time.Duration) {
	c.control.SetWriteDeadline(time.Now().Add(answering))
	if c.body != nil {
		c.body.patience = patience
	}
}

// end is for what a handler has not read of a body, for which the server waits before the next request.
func (c *clock) end() {
	if c.body != nil && !c.body.over {
		c.control.SetReadDeadline(time.Now().Add(strangers))
	}
}

// A timedBody is waited for as long as its bytes come at the slowest rate, once it has a patience. How long it says that it
// is does not matter, nor how long the handler takes between its parts.
type timedBody struct {
	io.ReadCloser
	control  *http.ResponseController
	patience time.Duration // 0 while its sender is a stranger, whose deadline is set
	received int64         // bytes
	waited   time.Duration // for them
	over     bool          // it has been read, as far as it can be
}

func (b *timedBody) Read(p []byte) (int, error) {
	begin := time.Now()
	if b.patience > 0 {
		earned := time.Duration(b.received/slowest) * time.Second
		b.control.SetReadDeadline(begin.Add(b.patience + earned - b.waited))
	}
	n, err := b.ReadCloser.Read(p)
	b.received += int64(n)
	b.waited += time.Since(begin)
	b.over = err != nil
	if errors.Is(err, io.EOF) || err == nil && b.patience > 0 { // after another error, the rest of the body must not be waited for
		b.control.SetReadDeadline(time.Time{}) // what is then read only tells that the client is still there
	}
	return n, err
}
