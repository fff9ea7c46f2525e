package access_test

import (
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/access"
)

// TestOtherSites: pages of other sites get nothing, whatever they send.
func TestOtherSites(t *testing.T) {
	g := newGuard(t, access.Options{Hosts: []string{"lab.example.org"}})
	for _, c := range []struct {
		name, method string
		headers      []string
		status       int
	}{
		{"a program", "POST", nil, 200},
		{"our page", "POST", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://127.0.0.1:8420"}, 200},
		{"typed in", "GET", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate"}, 200},
		{"a link", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 200},
		{"a form", "POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Origin", "https://evil.example"}, 403},
		{"a script", "POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"an image", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"another port", "POST", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"}, 403},
		{"an old browser, our page", "POST", []string{"Origin", "http://127.0.0.1:8420"}, 200},
		{"an old browser, another port", "POST", []string{"Origin", "http://127.0.0.1:9999"}, 403},
		{"an old browser, another site", "POST", []string{"Origin", "https://evil.example"}, 403},
		{"an old browser, a sandbox", "POST", []string{"Origin", "null"}, 403},
		{"a proxy that changes the host", "POST", []string{"Origin", "https://lab.example.org"}, 200},
		{"no address", "POST", []string{"Origin", "http://%zz"}, 403},
	} {
		if w := ask(g, c.method, "/api/v1/runs", "", c.headers...); w.Code != c.status {
			t.Errorf("%s = %d %s, want %d", c.name, w.Code, w.Body, c.status)
		}
	}
}

// TestHosts: a foreign name that was pointed at this machine gets nothing.
func TestHosts(t *testing.T) {
	some := newGuard(t, access.Options{Hosts: []string{"Lab.Example.org."}})
	none := newGuard(t, access.Options{Tokens: tokens(t)})
	any := newGuard(t, access.Options{Tokens: tokens(t), Hosts: []string{"*"}})
	for _, c := range []struct {
		g    *access.Guard
		at   string
		host string
		ok   bool
	}{
		{some, "127.0.0.1", "localhost:8420", true},
		{some, "127.0.0.1", "LOCALHOST.", true},
		{some, "127.0.0.1", "a.localhost", true},
		{some, "127.0.0.1", "[::1]:8420", true},
		{some, "127.0.0.1", "127.9.9.9", true},
		{some, "127.0.0.1", "lab.example.org:443", true},
		{some, "127.0.0.1", "evil.example", false},
		{some, "127.0.0.1", "localhost.evil.example", false},
		{some, "127.0.0.1", "lab.example.org.evil.example", false},
		{some, "127.0.0.1", "192.168.1.5:8420", false},
		{some, "127.0.0.1", "", false},
		{some, "192.168.1.5", "192.168.1.5:8420", true},
		{some, "192.168.1.5", "lab.example.org", true},
		{some, "192.168.1.5", "evil.example", false},
		{none, "192.168.1.5", "anything.example", true}, // but a token is needed
		{none, "127.0.0.1", "anything.example", false},
		{any, "127.0.0.1", "anything.example", true},
	} {
		w := ask(c.g, "GET", "/api/v1/runs", "", "Host", c.host, "At", c.at)
		if refused := code(w) == "unknown_host"; refused == c.ok {
			t.Errorf("host %q at %s = %d %s, want it known: %v", c.host, c.at, w.Code, w.Body, c.ok)
		}
	}
	for _, bad := range [][]string{{"*"}, {"http://x"}, {"x:80"}, {""}, {"a b"}, {"x/y"}} {
		if _, err := access.New(inside, access.Options{Hosts: bad}); err == nil {
			t.Errorf("hosts %q are taken", bad)
		}
	}
}
