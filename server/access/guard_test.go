package access_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/access"
)

const (
	reader = "reader-0123456789"
	logger = "logger-0123456789"
	both   = "both-01234567890123"
)

func tokens(t testing.TB) []access.Token {
	t.Helper()
	var list []access.Token
	for secret, permits := range map[string]access.Permission{reader: access.Read, logger: access.Log, both: access.Read | access.Log} {
		token, err := access.NewToken(secret, permits)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, token)
	}
	return list
}

// inside answers with the method and path that it was asked for.
var inside = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Inside", "yes")
	fmt.Fprintf(w, "%s %s", r.Method, r.URL.EscapedPath())
})

func newGuard(t testing.TB, o access.Options) *access.Guard {
	t.Helper()
	g, err := access.New(inside, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ask sends a request as it arrives at 127.0.0.1:8420; headers are names and values in turn.
func ask(g http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host, r.RemoteAddr = "127.0.0.1:8420", "127.0.0.1:50000"
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8420}))
	for i := 0; i < len(headers); i += 2 {
		switch headers[i] {
		case "Host":
			r.Host = headers[i+1]
		case "From":
			r.RemoteAddr = headers[i+1]
		case "At":
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(headers[i+1]), Port: 8420}))
		default:
			r.Header.Add(headers[i], headers[i+1])
		}
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

func code(w *httptest.ResponseRecorder) string {
	var v struct{ Code string }
	json.Unmarshal(w.Body.Bytes(), &v)
	return v.Code
}

func TestPermissions(t *testing.T) {
	g := newGuard(t, access.Options{Tokens: tokens(t)})
	for _, c := range []struct {
		method, auth string
		status       int
		code         string
	}{
		{"GET", "", 401, "no_token"},
		{"POST", "", 401, "no_token"},
		{"GET", "Bearer " + reader, 200, ""},
		{"GET", "bearer  " + reader + " ", 200, ""},
		{"HEAD", "Bearer " + reader, 200, ""},
		{"POST", "Bearer " + reader, 403, "not_permitted"},
		{"PUT", "Bearer " + reader, 403, "not_permitted"},
		{"DELETE", "Bearer " + reader, 403, "not_permitted"},
		{"OPTIONS", "Bearer " + reader, 403, "not_permitted"},
		{"GET", "Bearer " + logger, 403, "not_permitted"},
		{"POST", "Bearer " + logger, 200, ""},
		{"PATCH", "Bearer " + both, 200, ""},
		{"GET", "Bearer " + both, 200, ""},
		{"GET", "Bearer " + both + "x", 401, "wrong_token"},
		{"GET", "Bearer " + both[1:], 401, "wrong_token"},
		{"GET", "Bearer", 401, "wrong_token"},
		{"GET", "Basic " + both, 401, "no_token"},
		{"GET", both, 401, "no_token"},
	} {
		t.Run(c.method+" "+c.auth, func(t *testing.T) {
			var headers []string
			if c.auth != "" {
				headers = []string{"Authorization", c.auth}
			}
			w := ask(g, c.method, "/api/v1/runs", "", headers...)
			if w.Code != c.status || code(w) != c.code {
				t.Errorf("answer %d %s, want %d %s", w.Code, w.Body, c.status, c.code)
			}
			if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
}

// TestSession: a browser exchanges its token for a cookie, which is as good as the token and dies with it.
func TestSession(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	g := newGuard(t, access.Options{Tokens: tokens(t), CookieName: "zoetrope_8420"})
	g.SetNow(func() time.Time { return now })
	w := ask(g, "POST", "/api/v1/session", `{"token": "`+reader+`"}`, "Content-Type", "application/json")
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"read":true,"log":false}` {
		t.Fatalf("session = %d %s", w.Code, w.Body)
	}
	c := w.Result().Cookies()[0]
	if c.Name != "zoetrope_8420" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || strings.Contains(c.Value, reader) {
		t.Errorf("cookie = %v", c)
	}
	with := func(value string) int { return ask(g, "GET", "/api/v1/runs", "", "Cookie", c.Name+"="+value).Code }
	if got := with(c.Value); got != 200 {
		t.Errorf("with the cookie = %d", got)
	}
	if got := ask(g, "POST", "/api/v1/runs", "", "Cookie", c.Name+"="+c.Value).Code; got != 403 {
		t.Errorf("a reader's cookie logs: %d", got)
	}
	last := c.Value[:len(c.Value)-2] + map[bool]string{true: "BA", false: "AA"}[strings.HasSuffix(c.Value, "AA")]
	for name, value := range map[string]string{"empty": "", "no base64": "%%%", "short": c.Value[:20], "changed": last, "later": "AAAAAH" + c.Value[6:]} {
		if got := with(value); got != 401 {
			t.Errorf("with a cookie that is %s = %d", name, got)
		}
	}
	restarted := newGuard(t, access.Options{Tokens: tokens(t), CookieName: "zoetrope_8420"})
	restarted.SetNow(func() time.Time { return now })
	if got := ask(restarted, "GET", "/x", "", "Cookie", c.Name+"="+c.Value).Code; got != 200 {
		t.Errorf("after a restart = %d", got)
	}
	other, err := access.NewToken("another-0123456789", access.Read)
	if err != nil {
		t.Fatal(err)
	}
	revoked := newGuard(t, access.Options{Tokens: []access.Token{other}, CookieName: "zoetrope_8420"})
	revoked.SetNow(func() time.Time { return now })
	if got := ask(revoked, "GET", "/x", "", "Cookie", c.Name+"="+c.Value).Code; got != 401 {
		t.Errorf("after the token was taken away = %d", got)
	}
	now = now.Add(29 * 24 * time.Hour)
	if got := with(c.Value); got != 200 {
		t.Errorf("after 29 days = %d", got)
	}
	now = now.Add(2 * 24 * time.Hour)
	if got := with(c.Value); got != 401 {
		t.Errorf("after 31 days = %d", got)
	}
	w = ask(g, "DELETE", "/api/v1/session", "")
	if c := w.Result().Cookies()[0]; w.Code != 200 || c.MaxAge >= 0 || c.Value != "" {
		t.Errorf("logging out = %d %v", w.Code, c)
	}
	w = ask(g, "POST", "/api/v1/session", `{"token": "`+both+`", "path": "/user/x/proxy/8420/"}`, "Content-Type", "application/json", "X-Forwarded-Proto", "https")
	if c := w.Result().Cookies()[0]; c.Path != "/user/x/proxy/8420/" || !c.Secure {
		t.Errorf("behind a proxy: cookie = %v", c)
	}
	for _, path := range []string{"x", "/a;Domain=evil", "/a\\n", "/" + strings.Repeat("a", 2000)} {
		body, _ := json.Marshal(map[string]string{"token": both, "path": path})
		if c := ask(g, "POST", "/api/v1/session", string(body), "Content-Type", "application/json").Result().Cookies()[0]; c.Path != "/" || c.Domain != "" {
			t.Errorf("with path %q: cookie = %v", path, c)
		}
	}
	for body, want := range map[string]string{``: "invalid", `{`: "invalid", `{"token": 1}`: "invalid", `{"tokens": "x"}`: "invalid", `{}`: "wrong_token"} {
		if w := ask(g, "POST", "/api/v1/session", body, "Content-Type", "application/json"); code(w) != want || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s = %d %s, want %s", body, w.Code, w.Body, want)
		}
	}
	if w := ask(g, "POST", "/api/v1/session", `{"token": "`+both+`"}`, "Content-Type", "text/plain"); w.Code != 415 {
		t.Errorf("a form = %d", w.Code)
	}
	if w := ask(g, "PUT", "/api/v1/session", ""); w.Code != 405 || w.Header().Get("Allow") == "" {
		t.Errorf("PUT session = %d", w.Code)
	}
}

// TestLogin: a person gets a page that asks for the token, a program an error.
func TestLogin(t *testing.T) {
	g := newGuard(t, access.Options{Tokens: tokens(t)})
	w := ask(g, "GET", "/?run=cnn", "")
	if w.Code != 401 || !strings.Contains(w.Body.String(), "<form") || !strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'self'") {
		t.Errorf("the page without a token = %d %v", w.Code, w.Header())
	}
	for _, path := range []string{"/login", "/login.js", "/login.css"} {
		if w := ask(g, "GET", path, ""); w.Code != 200 || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s = %d", path, w.Code)
		}
	}
	if w := ask(g, "GET", "/", "", "Authorization", "Bearer "+both); w.Body.String() != "GET /" {
		t.Errorf("the page with a token = %d %s", w.Code, w.Body)
	}
	if w := ask(g, "GET", "/assets/app.js", ""); w.Code != 401 || code(w) != "no_token" {
		t.Errorf("a file without a token = %d %s", w.Code, w.Body)
	}
	if w := ask(newGuard(t, access.Options{}), "GET", "/api/v1/session", ""); strings.TrimSpace(w.Body.String()) != `{"read":true,"log":true}` {
		t.Errorf("a session without tokens = %s", w.Body)
	}
	if w := ask(newGuard(t, access.Options{ReadOnly: true}), "GET", "/api/v1/session", ""); strings.TrimSpace(w.Body.String()) != `{"read":true,"log":false}` {
		t.Errorf("a session of a read-only server = %s", w.Body)
	}
}

// TestGuessing: whoever guesses is slowed down, alone, and forgiven in time.
func TestGuessing(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	g := newGuard(t, access.Options{Tokens: tokens(t)})
	g.SetNow(func() time.Time { return now })
	guess := func(from, secret string) *httptest.ResponseRecorder {
		return ask(g, "GET", "/", "", "Authorization", "Bearer "+secret, "From", from)
	}
	tried := 0
	for range 1000 {
		if guess("10.0.0.1:1", "wrong").Code == 401 {
			tried++
		}
		now = now.Add(100 * time.Millisecond)
	}
	if tried < 10 || tried > 50 {
		t.Errorf("%d of 1000 guesses in 100 s were looked at", tried)
	}
	if w := guess("10.0.0.1:2", both); w.Code != 429 || w.Header().Get("Retry-After") == "" || code(w) != "too_many_guesses" {
		t.Errorf("the right token among guesses = %d", w.Code)
	}
	if w := guess("10.0.0.2:1", both); w.Code != 200 {
		t.Errorf("from elsewhere = %d", w.Code)
	}
	now = now.Add(time.Minute)
	if w := guess("10.0.0.1:1", both); w.Code != 200 {
		t.Errorf("a minute later = %d", w.Code)
	}
	for i := range 20 {
		guess(fmt.Sprintf("[2001:db8::%d]:1", i+1), "wrong")
	}
	if w := guess("[2001:db8::ffff]:1", both); w.Code != 429 {
		t.Errorf("guesses of one IPv6 network are told apart: %d", w.Code)
	}
	for i := range 12_000 {
		guess(fmt.Sprintf("11.%d.%d.1:1", i>>8, i&255), "wrong")
	}
}

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

func TestBasePath(t *testing.T) {
	for _, base := range []string{"/lab/zoetrope", "/lab/zoetrope/"} {
		g := newGuard(t, access.Options{BasePath: base})
		for path, want := range map[string]string{
			"/lab/zoetrope/":                  "GET /",
			"/lab/zoetrope/api/v1/runs/a%2Fb": "GET /api/v1/runs/a%2Fb",
			"/lab/zoetrope/login":             "<!doctype",
		} {
			if w := ask(g, "GET", path, ""); w.Code != 200 || !strings.HasPrefix(w.Body.String(), want) {
				t.Errorf("%s under %s = %d %.60s, want %s", path, base, w.Code, w.Body, want)
			}
		}
		if w := ask(g, "GET", "/lab/zoetrope", ""); w.Code != 308 || w.Header().Get("Location") != "/lab/zoetrope/" {
			t.Errorf("without the slash = %d %s", w.Code, w.Header().Get("Location"))
		}
		for _, path := range []string{"/", "/api/v1/runs", "/lab/", "/lab/zoetropes/", "/lab%2Fzoetrope/"} {
			if w := ask(g, "GET", path, ""); w.Code != 404 {
				t.Errorf("%s under %s = %d", path, base, w.Code)
			}
		}
	}
	for _, bad := range []string{"lab", "//evil.example", "/a/../b", "/a?x", "/a b", "/a;b", "http://x/"} {
		if _, err := access.New(inside, access.Options{BasePath: bad}); err == nil {
			t.Errorf("the base path %q is taken", bad)
		}
	}
}

func TestReadTokens(t *testing.T) {
	write := func(text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "tokens")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	list, err := access.ReadTokens(write("# team\n\nread "+reader+"\n  read,log\t"+both+"  \n", 0o640))
	if err != nil || len(list) != 2 || list[0].Permits != access.Read || list[1].Permits.String() != "read,log" {
		t.Errorf("%v, %v", list, err)
	}
	for _, c := range []struct {
		text string
		mode os.FileMode
		says string
	}{
		{"", 0o600, "holds no token"},
		{"# nothing", 0o600, "holds no token"},
		{"read", 0o600, "line 1: want permissions and a token"},
		{"read a b", 0o600, "line 1"},
		{"\n\nwrite " + both, 0o600, "line 3: the permissions are none"},
		{"read,, " + both, 0o600, "line 1"},
		{"read 0123456789abcde", 0o600, "has 15 characters, and could be guessed"},
		{"read " + strings.Repeat("x", 600), 0o600, "600 characters"},
		{"read 0123456789abcdeé", 0o600, "header"},
		{"read " + both + "\nlog " + both, 0o600, "line 2: the token is in the file twice"},
		{"read " + both, 0o604, "chmod 600"},
		{"read " + both, 0o602, "chmod 600"},
	} {
		if runtime.GOOS == "windows" && strings.Contains(c.says, "chmod") {
			continue
		}
		_, err := access.ReadTokens(write(c.text, c.mode))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q, mode %o: %v, want %q", c.text, c.mode, err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "0123456789abcd") {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
	if _, err := access.ReadTokens(t.TempDir()); err == nil {
		t.Error("a folder is read")
	}
	if _, err := access.ReadTokens(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there is read")
	}
}
