package access

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// nameOf returns the name in a host header: without port, in lower case.
func nameOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// local reports whether a name always means the machine that asks for it.
func local(name string) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// CheckHost refuses a request that asks for a name which is none of the server's: neither one of hosts, without ports, nor
// one that always means the machine that asks. A foreign page whose own name was pointed at this machine sends that name. On
// an address that others reach, strangers can connect anyhow, and names are only checked if hosts has some; "*" is any name.
func CheckHost(r *http.Request, hosts []string) error {
	if hostAllowed(r, hosts) {
		return nil
	}
	return httpjson.Refuse(http.StatusForbidden, "unknown_host", "this server does not answer to the name %q: use localhost, or start it with --allow-host %s", r.Host, nameOf(r.Host))
}

func hostAllowed(r *http.Request, hosts []string) bool {
	name := nameOf(r.Host)
	if local(name) || slices.Contains(hosts, name) || slices.Contains(hosts, "*") {
		return true
	}
	at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || at.IP.IsLoopback() {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return len(hosts) == 0
}

// insistOnTLS makes browsers use TLS, and nothing else, for the name that they asked for, where it is this server's own: one that
// it was told, or asked for without a port. What a browser is told holds for all ports of a name, and another port of this
// machine may be a notebook's.
func (g *Guard) insistOnTLS(w http.ResponseWriter, r *http.Request) {
	name := nameOf(r.Host)
	_, _, noPort := net.SplitHostPort(r.Host)
	if r.TLS == nil || local(name) || noPort == nil && !slices.Contains(g.o.Hosts, name) {
		return
	}
	w.Header().Set("Strict-Transport-Security", "max-age=31536000")
}

// sameSite reports whether a request comes from a page of this server, from no page at all, or from somebody who follows a
// link.
func (g *Guard) sameSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "": // no browser, or an old one, or a page without TLS
	default:
		return reads(r) && r.Header.Get("Sec-Fetch-Mode") == "navigate"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" { // also "null"
		return false
	}
	if strings.EqualFold(u.Host, r.Host) {
		return true
	}
	// Behind a proxy that asks for us by another name.
	return slices.Contains(g.o.Hosts, nameOf(u.Host))
}
