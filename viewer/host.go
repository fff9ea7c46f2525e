package viewer

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// welcome reports whether a request asks for a name that this server has. On a loopback address it is the guard against
// DNS rebinding: a foreign page whose name was pointed at 127.0.0.1 sends that name, and gets nothing. On other
// addresses strangers can connect anyhow, and which names lead there is not ours to know.
func (h *Handler) welcome(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.Contains(h.o.Hosts, host) || slices.Contains(h.o.Hosts, "*") {
		return true
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Unmap().IsLoopback() {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && !local.IP.IsLoopback()
}
