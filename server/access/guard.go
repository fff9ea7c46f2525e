package access

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// Options are the settings of a [Guard]. The zero value suits a server on a loopback address of a machine that nobody else
// uses.
type Options struct {
	// Tokens are those that permit something. Without any, everybody may do everything.
	Tokens []Token

	// Hosts are the names, without ports, under which the server may be asked for, besides localhost and IP addresses: those
	// of a reverse proxy, a tunnel, a notebook server. "*" is any name, which needs tokens. On an address that other machines
	// reach, none means any.
	Hosts []string

	// BasePath is what stands before all paths, as /lab/zoetrope/, where a proxy passes it on. Empty means /.
	BasePath string

	// SessionFile keeps the key of cookies, and which were logged out of, across restarts; it is made where there is none. Without
	// one, sessions end with the guard.
	SessionFile string

	// CookieName distinguishes servers on one machine, whose ports browsers do not tell apart. Empty means zoetrope.
	CookieName string

	// Proxies are the addresses of reverse proxies that are trusted: what they say of where a request comes from, in
	// X-Forwarded-For, is believed. That of anybody else is not, for anybody can say it.
	Proxies []netip.Prefix

	// ReadOnly says that nobody may log, whatever their token permits: for GET session to tell.
	ReadOnly bool
}

// A Guard is a handler that asks for permission before it lets another one answer. It is safe for concurrent use.
type Guard struct {
	next     http.Handler
	o        Options
	base     string // begins and ends with a slash
	throttle throttle
	sessions *sessions
	own      *http.ServeMux
	now      func() time.Time
	patience time.Duration // with a body whose sender may ask
	penalty  time.Duration // for a wrong token after too many
}

// New returns a guard of next.
func New(next http.Handler, o Options) (*Guard, error) {
	base, err := cleanBase(o.BasePath)
	if err != nil {
		return nil, err
	}
	if o.CookieName == "" {
		o.CookieName = "zoetrope"
	}
	hosts := make([]string, len(o.Hosts))
	for i, name := range o.Hosts {
		hosts[i] = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
		switch {
		case hosts[i] == "*" && len(o.Tokens) == 0:
			return nil, fmt.Errorf(`"*" allows any host name, so that every site could point its own name here: that needs tokens`)
		case hosts[i] != "*" && (hosts[i] == "" || strings.ContainsAny(hosts[i], "/ *@?#") || strings.Count(hosts[i], ":") == 1):
			return nil, fmt.Errorf("host %q: want a name without scheme, port or path, as lab.example.org", name)
		}
	}
	o.Hosts = hosts
	sessions, err := openSessions(o.SessionFile, time.Now())
	if err != nil {
		return nil, err
	}
	g := &Guard{sessions: sessions, next: next, o: o, base: base, now: time.Now, patience: patience, penalty: penalty}
	g.own = g.route()
	return g, nil
}

// cleanBase returns a base path that begins and ends with a slash.
func cleanBase(base string) (string, error) {
	if base == "" || base == "/" {
		return "/", nil
	}
	u, err := url.Parse(base)
	if err != nil || !strings.HasPrefix(base, "/") || strings.HasPrefix(base, "//") || u.Path != base || path.Clean(base) != strings.TrimSuffix(base, "/") || strings.ContainsAny(base, ";\"\\ %?#") {
		return "", fmt.Errorf("base path %q: want a plain path from the root, as /lab/zoetrope/", base)
	}
	return strings.TrimSuffix(base, "/") + "/", nil
}

// ServeHTTP implements [http.Handler].
func (g *Guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	clock := strangersTime(w, r)
	if err := CheckHost(r, g.o.Hosts); err != nil {
		deny(w, r, err)
		return
	}
	g.insistOnTLS(w, r)
	if !g.sameSite(r) {
		deny(w, r, httpjson.Refuse(http.StatusForbidden, "cross_origin", "this request comes from a page of another site, which may not ask here"))
		return
	}
	r, ok := g.strip(w, r)
	if !ok {
		return
	}
	if _, pattern := g.own.Handler(r); pattern != "" {
		if len(g.o.Tokens) > 0 {
			w.Header().Set("Connection", "close") // strangers ask here: they keep no connection
		}
		g.own.ServeHTTP(w, r)
		return
	}
	permits, ok := g.admit(w, r)
	if !ok {
		return
	}
	defer connOf(r).work()()
	clock.extend(g.patience)
	defer clock.end()
	g.next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), permitsKey{}, permits)))
}

type permitsKey struct{}

// Permits returns what a guard has found permitted to whoever sends a request that it let through.
func Permits(r *http.Request) Permission {
	p, _ := r.Context().Value(permitsKey{}).(Permission)
	return p
}

// strip takes the base path off.
func (g *Guard) strip(w http.ResponseWriter, r *http.Request) (*http.Request, bool) {
	if g.base == "/" {
		return r, true
	}
	rest, ok := strings.CutPrefix(r.URL.Path, g.base)
	raw, rawOK := strings.CutPrefix(r.URL.RawPath, g.base)
	if r.URL.Path == strings.TrimSuffix(g.base, "/") && reads(r) {
		http.Redirect(w, r, g.base, http.StatusPermanentRedirect)
		return r, false
	}
	if !ok || r.URL.RawPath != "" && !rawOK {
		deny(w, r, httpjson.Refuse(http.StatusNotFound, "not_found", "there is nothing at %s: everything is below %s", r.URL.Path, g.base))
		return r, false
	}
	u := *r.URL
	u.Path, u.RawPath = "/"+rest, ""
	if r.URL.RawPath != "" {
		u.RawPath = "/" + raw
	}
	stripped := *r
	stripped.URL = &u
	return &stripped, true
}

// admit reports whether the request may go on, and what is permitted to its sender. It answers it if not.
func (g *Guard) admit(w http.ResponseWriter, r *http.Request) (permits Permission, ok bool) {
	permits, err := g.identify(r)
	if err != nil {
		g.turnAway(w, r, err)
		return permits, false
	}
	if need := needs(r); permits&need == 0 {
		deny(w, r, httpjson.Refuse(http.StatusForbidden, "not_permitted", "your token permits %s, and this needs %s: ask who runs this server for another", permits, need))
		return permits, false
	}
	return permits, true
}

// needs returns the permission that a request takes.
func needs(r *http.Request) Permission {
	if reads(r) {
		return Read
	}
	return Log
}

func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// identify returns what a request's token or cookie permits.
func (g *Guard) identify(r *http.Request) (Permission, error) {
	if len(g.o.Tokens) == 0 {
		return Read | Log, nil
	}
	if header := r.Header.Get("Authorization"); header != "" {
		kind, secret, _ := strings.Cut(header, " ")
		if !strings.EqualFold(kind, "Bearer") {
			return 0, httpjson.Refuse(http.StatusUnauthorized, "no_token", "want a token, as 'Authorization: Bearer TOKEN'")
		}
		t, err := g.check(r, strings.TrimSpace(secret))
		return t.Permits, err
	}
	for _, c := range r.CookiesNamed(g.o.CookieName) {
		if t, _, ok := g.ofCookie(c.Value); ok {
			return t.Permits, nil
		}
	}
	return 0, httpjson.Refuse(http.StatusUnauthorized, "no_token", "this server wants a token: send it as 'Authorization: Bearer TOKEN', or log in with a browser")
}

// check returns the token whose secret this is. A right one passes whatever came before it from the same address. Whoever has
// guessed too often waits for the answer that the next guess is wrong, too.
func (g *Guard) check(r *http.Request, secret string) (Token, error) {
	if t, ok := find(g.o.Tokens, secret); ok {
		return t, nil
	}
	connOf(r).refuse()
	wait := g.throttle.failed(source(r, g.o.Proxies), g.now())
	if wait == 0 {
		return Token{}, httpjson.Refuse(http.StatusUnauthorized, "wrong_token", "the token is none of this server's: look for typing errors, or ask who runs it for one")
	}
	select {
	case <-time.After(g.penalty):
	case <-r.Context().Done():
	}
	e := httpjson.Refuse(http.StatusTooManyRequests, "too_many_guesses", "the token is none of this server's, and too many wrong ones came from your address: try again in a while")
	e.After = int(wait/time.Second) + 1
	return Token{}, e
}
