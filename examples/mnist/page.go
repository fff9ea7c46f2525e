package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/zoetrope-ml/zoetrope/server"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

const (
	defaultAddr = "127.0.0.1:8420"
	ports       = 100 // how many are tried, from the default one on
)

// page is the address where the map is shown. A nil page shows nothing.
type page struct {
	listener net.Listener
	server   *server.Server     // nil until serve
	stop     context.CancelFunc // of the server
	done     chan struct{}
	err      error // of the server, once done is closed
}

// listen takes the address, so that a taken one is known before anything is written. It returns nil
// where no page is wanted.
func listen(ctx context.Context, o options) (*page, error) {
	if !o.serve {
		return nil, nil
	}
	l, err := listenAt(ctx, o.addr, !o.given["addr"])
	if err != nil {
		return nil, err
	}
	return &page{listener: l, done: make(chan struct{})}, nil
}

func (p *page) url() string { return "http://" + p.listener.Addr().String() + "/" }

// announce prints the page's address, and opens it if asked.
func (p *page) announce(ctx context.Context, o options, d *display) {
	if p == nil {
		return
	}
	d.print("watch at %s", p.url())
	if !o.open {
		return
	}
	if err := browse(ctx, p.url()); err != nil {
		d.note("cannot open the browser: %v", err)
	}
}

// serve begins to answer from the store. Earlier requests have waited.
func (p *page) serve(ctx context.Context, store *tracker.Store) {
	if p == nil {
		return
	}
	var err error
	if p.server, err = server.New(store, server.Options{ReadOnly: true}); err != nil {
		panic(err) // only wrong settings fail, and there are none
	}
	ctx, p.stop = context.WithCancel(ctx)
	go func() {
		defer close(p.done)
		p.err = p.server.Serve(ctx, p.listener)
	}()
}

// wait serves the page until ctx ends.
func (p *page) wait(ctx context.Context, d *display) error {
	if p == nil {
		return nil
	}
	d.print("the map is at %s until Ctrl-C", p.url())
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return nil
	}
}

// close releases the address and ends the connections. It may be called twice.
func (p *page) close() {
	if p == nil {
		return
	}
	if p.server == nil {
		p.listener.Close()
		return
	}
	p.stop()
	<-p.done
	p.server.Close()
}

func listenAt(ctx context.Context, addr string, move bool) (net.Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", addr)
	if err == nil || !taken(err) {
		return l, err
	}
	if !move {
		return nil, fmt.Errorf("-addr %s is taken: stop what uses it, or choose another (port 0 takes any free one)", addr)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	for n := first + 1; n < first+ports; n++ {
		if l, err = c.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(n))); err == nil || !taken(err) {
			return l, err
		}
	}
	return nil, fmt.Errorf("the ports %d to %d of %s are all taken: choose another by -addr", first, first+ports-1, host)
}

// taken reports whether an address is in use.
func taken(err error) bool {
	const windows = syscall.Errno(10048) // WSAEADDRINUSE, which syscall.EADDRINUSE is not
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windows)
}
