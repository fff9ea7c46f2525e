package access

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// How many wrong tokens may come from one source: a few at once, then each waits for its answer.
const (
	guesses     = 10
	forgiveness = 3 * time.Second // after which one of them is forgotten
	longest     = time.Minute     // after which all are
	penalty     = 2 * time.Second // for each further one
	sources     = 10_000          // remembered at most
)

// A throttle counts the wrong tokens of each source. The zero value is ready.
type throttle struct {
	mu    sync.Mutex
	until map[netip.Prefix]time.Time // when all of a source's failures will be forgotten
}

// failed notes a wrong token, and returns for how long the source should not try again; 0 while it has not failed often.
func (t *throttle) failed(from netip.Prefix, now time.Time) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.until == nil {
		t.until = map[netip.Prefix]time.Time{}
	}
	if len(t.until) >= sources {
		t.dropLocked(now)
	}
	until := t.until[from]
	if until.Before(now) {
		until = now
	}
	until = until.Add(forgiveness)
	if most := now.Add(longest); until.After(most) {
		until = most
	}
	t.until[from] = until
	return max(0, until.Sub(now)-guesses*forgiveness)
}

// dropLocked forgets what is over. Where too many fail at once, half of them get off lightly.
func (t *throttle) dropLocked(now time.Time) {
	for k, until := range t.until {
		if until.Before(now) {
			delete(t.until, k)
		}
	}
	for k := range t.until {
		if len(t.until) <= sources/2 {
			break
		}
		delete(t.until, k)
	}
}

// source returns where a request comes from: an address, or the network of 2⁶⁴ that one IPv6 customer has. Where that is a
// trusted proxy, it is the last address of X-Forwarded-For that is none: what stands before it, anybody can have written.
func source(r *http.Request, proxies []netip.Prefix) netip.Prefix {
	from := addressOf(r.RemoteAddr)
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, text := range slices.Backward(said) {
		next := addressOf(strings.TrimSpace(text))
		if !within(proxies, from) || !next.IsValid() {
			break
		}
		from = next
	}
	return sourceOf(from)
}

// addressOf reads an address with or without a port; the zero Addr if the text is none.
func addressOf(text string) netip.Addr {
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		at, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}
		}
		ip = at.Addr()
	}
	return ip.Unmap().WithZone("")
}

// sourceOf returns the source that an address belongs to; the zero Prefix for none.
func sourceOf(ip netip.Addr) netip.Prefix {
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// within reports whether an address belongs to one of the networks.
func within(networks []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(ip) })
}
