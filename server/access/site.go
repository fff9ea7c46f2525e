package access

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
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

// knows reports whether a request asks for a name that this server has. A foreign page whose own name was pointed at this
// machine sends that name. On an address that others reach, where tokens are needed, names are only checked if some are
// given: the cookie goes to the right name only.
func (g *Guard) knows(r *http.Request) bool {
	name := nameOf(r.Host)
	if local(name) || slices.Contains(g.o.Hosts, name) || slices.Contains(g.o.Hosts, "*") {
		return true
	}
	at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || at.IP.IsLoopback() {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return len(g.o.Hosts) == 0
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
