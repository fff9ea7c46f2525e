package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/ingest"
	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/viewer"
)

func serveCommand(a *app) *cobra.Command {
	var addr string
	var readOnly, create bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show the map in the browser, and let programs in any language log",
		Long: `Serve answers on a local address with a page that shows the map of each epoch, and follows runs
that are being logged meanwhile. Other programs log to the same address over HTTP, unless --read-only is
given. Ctrl-C ends it.`,
		Example: `  zoetrope serve
  zoetrope serve --db runs/new.db --create
  zoetrope serve --db runs/mnist.db --addr 127.0.0.1:9000 --read-only`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkLoopback(addr); err != nil {
				return wrongUsage(cmd, err)
			}
			if create && readOnly {
				return usagef(cmd, "--create and --read-only contradict each other")
			}
			return a.with(cmd, tracker.OpenOptions{ReadOnly: readOnly, Create: create}, func(ctx context.Context, store *tracker.Store) error {
				return a.serve(ctx, store, addr, readOnly)
			})
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8420", "the address to listen on; port 0 takes any free one")
	cmd.Flags().BoolVar(&readOnly, "read-only", false, "open the store read-only; nobody can log")
	cmd.Flags().BoolVar(&create, "create", false, "make the store if there is none yet")
	return cmd
}

// checkLoopback refuses addresses that other machines could reach.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("--addr %q is no address: want host:port, as 127.0.0.1:8420", addr)
	}
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("--addr %s could be reached by other machines, and there are no access tokens yet that would keep "+
		"strangers out: use a loopback address, as 127.0.0.1:8420, and from elsewhere a tunnel (ssh -L 8420:127.0.0.1:8420 HOST)", addr)
}

// serve answers on addr until ctx ends.
func (a *app) serve(ctx context.Context, store *tracker.Store, addr string, readOnly bool) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the address %s is taken, perhaps by another 'zoetrope serve': stop that one, or choose another with --addr", addr)
	}
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	page := viewer.New(store, viewer.Options{ReadOnly: readOnly})
	defer page.Close()
	var handler http.Handler = page
	if !readOnly {
		logging := ingest.New(store, ingest.Options{Next: page})
		defer logging.Close()
		handler = http.NewCrossOriginProtection().Handler(logging)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	server.RegisterOnShutdown(func() { page.Close() }) // ends the event streams
	url := "http://" + listener.Addr().String() + "/"
	if err := a.announce(url, readOnly); err != nil {
		listener.Close()
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		server.Close()
	}
	<-failed
	a.note("stopped")
	return nil
}

// announce says where the page is.
func (a *app) announce(url string, readOnly bool) error {
	if a.json {
		return a.printJSON(struct {
			URL      string `json:"url"`
			DB       string `json:"db"`
			ReadOnly bool   `json:"read_only"`
		}{url, a.db, readOnly})
	}
	_, err := fmt.Fprintln(a.stdout, url)
	a.note("showing %s at this address; Ctrl-C stops", a.db)
	return err
}
