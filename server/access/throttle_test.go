package access_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/access"
)

// TestGuessing: whoever guesses is slowed down, alone, and forgiven in time; a right token always passes.
func TestGuessing(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	g := newGuard(t, access.Options{Tokens: tokens(t)})
	g.SetNow(func() time.Time { return now })
	g.SetPenalty(0)
	guess := func(from, secret string) *httptest.ResponseRecorder {
		return ask(g, "GET", "/", "", "Authorization", "Bearer "+secret, "From", from)
	}
	atOnce := 0
	for range 1000 {
		if guess("10.0.0.1:1", "wrong").Code == 401 {
			atOnce++
		}
		now = now.Add(100 * time.Millisecond)
	}
	if atOnce < 10 || atOnce > 50 {
		t.Errorf("%d of 1000 guesses in 100 s were answered at once", atOnce)
	}
	if w := guess("10.0.0.1:2", "wrong"); w.Code != 429 || w.Header().Get("Retry-After") == "" || code(w) != "too_many_guesses" {
		t.Errorf("one more = %d", w.Code)
	}
	if w := guess("10.0.0.1:2", both); w.Code != 200 {
		t.Errorf("the right token among guesses = %d", w.Code)
	}
	if w := guess("10.0.0.2:1", "wrong"); w.Code != 401 {
		t.Errorf("from elsewhere = %d", w.Code)
	}
	now = now.Add(time.Minute)
	if w := guess("10.0.0.1:1", "wrong"); w.Code != 401 {
		t.Errorf("a minute later = %d", w.Code)
	}
	for i := range 20 {
		guess(fmt.Sprintf("[2001:db8::%d]:1", i+1), "wrong")
	}
	if w := guess("[2001:db8::ffff]:1", "wrong"); w.Code != 429 {
		t.Errorf("guesses of one IPv6 network are told apart: %d", w.Code)
	}
	for i := range 12_000 {
		guess(fmt.Sprintf("11.%d.%d.1:1", i>>8, i&255), "wrong")
	}
}

// TestPenalty: the answer to a guess after too many waits, unless whoever guesses has left.
func TestPenalty(t *testing.T) {
	g := newGuard(t, access.Options{Tokens: tokens(t)})
	g.SetPenalty(time.Hour)
	for range 10 {
		ask(g, "GET", "/x", "", "Authorization", "Bearer wrong")
	}
	ctx, leave := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, "GET", "/x", nil)
	r.Host, r.RemoteAddr = "localhost", "127.0.0.1:50000"
	r.Header.Set("Authorization", "Bearer wrong")
	answered := make(chan int, 1)
	go func() {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		answered <- w.Code
	}()
	select {
	case status := <-answered:
		t.Errorf("answered at once: %d", status)
	case <-time.After(50 * time.Millisecond):
	}
	leave()
	if status := <-answered; status != 429 {
		t.Errorf("answer %d, want 429", status)
	}
}

// TestProxies: what a trusted proxy says of where a request comes from counts, what others say does not.
func TestProxies(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("2001:db8::5/128")}
	for _, c := range []struct{ name, from, said, victim, victimSaid string }{
		{"by a proxy", "10.0.0.1:1", "192.0.2.1", "10.0.0.1:1", "192.0.2.2"},
		{"by an IPv6 proxy", "[2001:db8::5]:1", "192.0.2.1", "[2001:db8::5]:1", "192.0.2.2"},
		{"by a chain of proxies", "10.0.0.1:1", "192.0.2.1, 10.0.0.9", "10.0.0.1:1", "192.0.2.2, 10.0.0.9"},
		{"with an invented one before it", "10.0.0.1:1", "192.0.2.2, 192.0.2.1", "10.0.0.1:1", "192.0.2.2"},
		{"without a proxy", "192.0.2.1:1", "192.0.2.2", "192.0.2.2:1", ""},
	} {
		g := newGuard(t, access.Options{Tokens: tokens(t), Proxies: proxies})
		g.SetPenalty(0)
		guess := func(from, said string) int {
			return ask(g, "GET", "/x", "", "Authorization", "Bearer wrong", "From", from, "X-Forwarded-For", said).Code
		}
		for range 12 {
			guess(c.from, c.said)
		}
		if got := guess(c.from, c.said); got != 429 {
			t.Errorf("%s: who guesses = %d", c.name, got)
		}
		if got := guess(c.victim, c.victimSaid); got != 401 {
			t.Errorf("%s: somebody else = %d", c.name, got)
		}
	}
}
