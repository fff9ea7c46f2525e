package access

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// How many wrong tokens may come from one address: a few at once, then one every few seconds.
const (
	guesses     = 10
	forgiveness = 3 * time.Second // after which one of them is forgotten
	sources     = 10_000          // remembered at most
)

// A throttle slows those down who guess. The zero value is ready.
type throttle struct {
	mu    sync.Mutex
	until map[netip.Prefix]time.Time // when all of an address's failures will be forgotten
}

// wait returns how long an address must wait before it may try again; 0 means not at all.
func (t *throttle) wait(from netip.Prefix, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	until, ok := t.until[from]
	if !ok {
		return 0
	}
	return max(0, until.Sub(now)-(guesses-1)*forgiveness)
}

func (t *throttle) failed(from netip.Prefix, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.until == nil {
		t.until = map[netip.Prefix]time.Time{}
	}
	if len(t.until) >= sources {
		for k, until := range t.until {
			if until.Before(now) {
				delete(t.until, k)
			}
		}
		for k := range t.until { // too many at once: half of them get off lightly
			if len(t.until) <= sources/2 {
				break
			}
			delete(t.until, k)
		}
	}
	until := t.until[from]
	if until.Before(now) {
		until = now
	}
	t.until[from] = until.Add(forgiveness)
}

// source returns where a request comes from: an address, or the network of 2⁶⁴ that one IPv6 customer has. What proxies say
// of where they have it from is not believed, for anybody can say it.
func source(r *http.Request) netip.Prefix {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	ip := from.Addr().Unmap().WithZone("")
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
