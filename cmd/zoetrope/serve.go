package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/server"
	"github.com/zoetrope-ml/zoetrope/server/access"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	addr, tokenFile, basePath string
	tlsCert, tlsKey           string
	hosts, frames, proxies    []string
	readOnly, create          bool
}

func serveCommand(a *app) *cobra.Command {
	var s serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show the map in the browser, and let programs in any language log",
		Long: `Serve serves a page that shows the map of each epoch and follows runs while they are logged. Programs in any
language can log to the same address over HTTP, unless --read-only is given; api/v1/openapi.json below the address
describes the API. Ctrl-C ends it.

Only this machine can reach the default address. On any other address, every client needs a token of --token-file,
whose lines are

  read TOKEN          permits reading everything
  log TOKEN           permits logging
  read,log TOKEN      permits both

with tokens of at least 16 characters, such as those of 'openssl rand -hex 16'. Programs send a token in the header
Authorization: Bearer TOKEN; a browser asks for it once, or takes it from the link ADDRESS/login#token=TOKEN.
From another machine, an SSH tunnel needs no token: ssh -L 8420:127.0.0.1:8420 HOST, and open the address there.`,
		Example: `  zoetrope serve
  zoetrope serve --db runs/new.db --create
  zoetrope serve --db runs/mnist.db --addr 127.0.0.1:9000 --read-only
  zoetrope serve --addr :8420 --token-file tokens.txt --tls-cert cert.pem --tls-key key.pem
  zoetrope serve --allow-frame http://localhost:8888    # shows maps in a notebook of that server
  zoetrope serve --token-file tokens.txt --allow-host lab.example.org --trusted-proxy 127.0.0.1    # behind a proxy`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := s.access()
			if err != nil {
				return cli.WrongUsage(cmd, err)
			}
			open := tracker.OpenOptions{ReadOnly: s.readOnly, Create: s.create}
			return a.with(cmd, open, func(ctx context.Context, store *tracker.Store) error { return a.serve(ctx, store, s, o) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1:8420", "the address to listen on; port 0 means any free port")
	f.BoolVar(&s.readOnly, "read-only", false, "open the store read-only and accept no logging")
	f.BoolVar(&s.create, "create", false, "make the store if there is none yet")
	f.StringVar(&s.tokenFile, "token-file", "", "the file of tokens; needed where other machines can reach the address")
	f.StringSliceVar(&s.hosts, "allow-host", nil, "a further host name of the server, such as that of a proxy; '*' for any, with tokens")
	f.StringSliceVar(&s.frames, "allow-frame", nil, "an origin whose pages may show this one in a frame, such as http://localhost:8888 of a notebook")
	f.StringSliceVar(&s.proxies, "trusted-proxy", nil, "an address or network, as 10.0.0.7 or 10.0.0.0/24, of proxies whose X-Forwarded-For is believed")
	f.StringVar(&s.basePath, "base-path", "/", "the prefix of all paths behind a proxy, as /zoetrope/")
	f.StringVar(&s.tlsCert, "tls-cert", "", "the certificate, in PEM, to answer with HTTPS")
	f.StringVar(&s.tlsKey, "tls-key", "", "its key, in PEM")
	return cmd
}

// origin matches the origin of a page: a scheme, a name and perhaps a port.
var origin = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://(\*\.)?[A-Za-z0-9.-]+(:[0-9]+)?$`)

// access checks the flags, and returns the options for access to the server.
func (s *serveFlags) access() (o access.Options, err error) {
	host, _, err := net.SplitHostPort(s.addr)
	if err != nil {
		return o, fmt.Errorf("--addr %q is not an address: want host:port, as 127.0.0.1:8420", s.addr)
	}
	ip, err := netip.ParseAddr(host)
	loopback := host == "localhost" || err == nil && ip.IsLoopback()
	switch {
	case s.create && s.readOnly:
		return o, errors.New("--create and --read-only contradict each other")
	case (s.tlsCert == "") != (s.tlsKey == ""):
		return o, errors.New("--tls-cert and --tls-key belong together: give both")
	case slices.ContainsFunc(s.frames, func(f string) bool { return !origin.MatchString(f) }):
		return o, fmt.Errorf("--allow-frame %s: want origins, as http://localhost:8888 or https://lab.example.org", strings.Join(s.frames, ","))
	case s.tokenFile == "" && !loopback:
		return o, fmt.Errorf("--addr %s could be reached by other machines, and everybody there could read and log: give --token-file FILE, "+
			"with a line as 'read,log TOKEN'; or use a loopback address, as 127.0.0.1:8420, and from elsewhere a tunnel (ssh -L 8420:127.0.0.1:8420 HOST)", s.addr)
	}
	o = access.Options{Hosts: s.hosts, BasePath: s.basePath}
	for _, text := range s.proxies {
		network, err := parseNetwork(text)
		if err != nil {
			return o, fmt.Errorf("--trusted-proxy %q is neither an address nor a network: want 10.0.0.7 or 10.0.0.0/24", text)
		}
		o.Proxies = append(o.Proxies, network)
	}
	if s.tokenFile != "" {
		if o.Tokens, err = access.ReadTokens(s.tokenFile); err != nil {
			return o, fmt.Errorf("--token-file: %w", err)
		}
	}
	if _, err := access.New(http.NotFoundHandler(), o); err != nil {
		return o, fmt.Errorf("--base-path or --allow-host: %w", err)
	}
	return o, nil
}

// parseNetwork reads a network, or an address as one.
func parseNetwork(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil {
		return ip.Unmap().Prefix(ip.Unmap().BitLen())
	}
	network, err := netip.ParsePrefix(text)
	return network.Masked(), err
}

// serve answers requests until ctx ends. Then it takes no new requests, and finishes the running ones.
func (a *app) serve(ctx context.Context, store *tracker.Store, s serveFlags, o access.Options) error {
	var certificates []tls.Certificate
	if s.tlsCert != "" {
		c, err := tls.LoadX509KeyPair(s.tlsCert, s.tlsKey)
		if err != nil {
			return fmt.Errorf("cannot use --tls-cert %s with --tls-key %s: %w", s.tlsCert, s.tlsKey, err)
		}
		certificates = append(certificates, c)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the address %s is taken, perhaps by another 'zoetrope serve': stop that one, or choose another with --addr", s.addr)
	}
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", s.addr, err)
	}
	if _, port, err := net.SplitHostPort(listener.Addr().String()); err == nil {
		o.CookieName = "zoetrope_" + port
	}
	o.SessionFile = a.sessionFile(s.tokenFile)
	h, err := server.New(store, server.Options{ReadOnly: s.readOnly, Access: o, Page: page.Options{Frames: s.frames}})
	if err != nil {
		listener.Close()
		return err
	}
	defer h.Close()
	if err := a.announce(listener.Addr(), s); err != nil {
		listener.Close()
		return err
	}
	if err := h.Serve(ctx, listener, certificates...); err != nil {
		return err
	}
	a.Note("stopped")
	return nil
}

// sessionFile returns where sessions of browsers are kept across restarts: beside the file of tokens, or nowhere if nothing can be
// written there.
func (a *app) sessionFile(tokenFile string) string {
	if tokenFile == "" {
		return ""
	}
	file := tokenFile + ".sessions"
	if _, err := os.Stat(file); err == nil {
		return file
	}
	probe, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+"-*")
	if err != nil {
		a.Note("browsers log in again after a restart: %s cannot be made: %v", file, err)
		return ""
	}
	probe.Close()
	os.Remove(probe.Name())
	return file
}

// announce prints the page's address.
func (a *app) announce(at net.Addr, s serveFlags) error {
	address := at.String()
	tcp, ok := at.(*net.TCPAddr)
	open := ok && !tcp.IP.IsLoopback()
	if name, err := os.Hostname(); ok && tcp.IP.IsUnspecified() && err == nil {
		address = net.JoinHostPort(name, fmt.Sprint(tcp.Port))
	}
	scheme := "http"
	if s.tlsCert != "" {
		scheme = "https"
	}
	url := scheme + "://" + address + strings.TrimSuffix("/"+strings.Trim(s.basePath, "/"), "/") + "/"
	if a.JSON {
		return a.PrintJSON(struct {
			URL      string `json:"url"`
			DB       string `json:"db"`
			ReadOnly bool   `json:"read_only"`
		}{url, a.shownDB(), s.readOnly})
	}
	_, err := fmt.Fprintln(a.Stdout, url)
	a.Note("showing %s at this address; Ctrl-C stops", a.shownDB())
	if s.tokenFile != "" {
		a.Note("log in with a token of %s, or open %slogin#token=TOKEN", s.tokenFile, url)
	}
	if open && s.tlsCert == "" {
		a.Note("tokens and data travel unencrypted: give --tls-cert and --tls-key, or put a proxy with TLS before it")
	}
	return err
}
