// Package server answers for one store with all that there is: the page (package page), what it reads (package api), logging
// over HTTP (package ingest), and a guard that decides who may ask (package access). It is what zoetrope serve runs.
//
//	s, err := server.New(store, server.Options{})
//	…
//	defer s.Close()
//	err = s.Serve(ctx, listener)
package server

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/access"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/ingest"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Options are the settings of a [Server]. The zero value suits a loopback address of a machine that nobody else uses.
type Options struct {
	// ReadOnly says that nobody may log, or start projections.
	ReadOnly bool

	Access  access.Options // who may ask; its ReadOnly is set
	Logging ingest.Options // its Next is set
	API     api.Options    // its ReadOnly, Projections and MayProject are set
	Page    page.Options   // its Hosts are set
}

// A Server is a handler for one store. It is safe for concurrent use.
type Server struct {
	guard   *access.Guard
	logging *ingest.Handler // nil if nobody may log
	api     *api.Handler
	proxies []netip.Prefix
}

// New returns a server for store, which must stay open until the server is closed, and be open for writing unless the
// server only reads.
func New(store *tracker.Store, o Options) (*Server, error) {
	o.Access.ReadOnly = o.ReadOnly
	o.API.ReadOnly = o.ReadOnly
	o.API.Projections = !o.ReadOnly
	o.API.MayProject = func(r *http.Request) bool { return access.Permits(r)&access.Log != 0 }
	o.Page.Hosts = []string{"*"} // the guard looks at names
	s := &Server{api: api.New(store, o.API), proxies: o.Access.Proxies}
	var next http.Handler = page.New(s.api, o.Page)
	if !o.ReadOnly {
		o.Logging.Next = next
		s.logging = ingest.New(store, o.Logging)
		next = s.logging
	}
	var err error
	if s.guard, err = access.New(next, o.Access); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close waits for requests that log, gives the runs up that are logged, cancels projections that are being made, and ends all
// event streams. It may be called twice.
func (s *Server) Close() error {
	if s.logging != nil {
		s.logging.Close()
	}
	return s.api.Close()
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.guard.ServeHTTP(w, r) }

// Routes returns what a Server answers below /api/v1, as "GET /api/v1/runs", in order.
func (s *Server) Routes() []string {
	list := append(s.api.Routes(), "GET /api/v1/session", "POST /api/v1/session", "DELETE /api/v1/session")
	if s.logging != nil {
		list = append(list, s.logging.Routes()...)
	}
	slices.Sort(list)
	return list
}

const (
	connections = 512              // may be open at once; see access.LimitConnections. Each page has up to six.
	streams     = 100              // of HTTP/2, on a connection
	grace       = 10 * time.Second // for requests to be finished in
)

// Serve answers what comes to l until ctx ends. Then it takes no new requests, finishes those that it has, and ends the
// event streams. It closes l. With certificates, it answers with HTTPS.
func (s *Server) Serve(ctx context.Context, l net.Listener, certificates ...tls.Certificate) error {
	h := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ConnContext:       access.ConnContext,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: streams},
		TLSConfig:         &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12},
	}
	h.RegisterOnShutdown(func() { s.api.Close() }) // ends the event streams
	failed := make(chan error, 1)
	limited := access.LimitConnections(l, connections, s.proxies...)
	go func() {
		if len(certificates) > 0 {
			failed <- h.ServeTLS(limited, "", "")
		} else {
			failed <- h.Serve(limited)
		}
	}()
	select {
	case err := <-failed:
		h.Close()
		return err
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if h.Shutdown(late) != nil {
		h.Close()
	}
	<-failed
	return nil
}
