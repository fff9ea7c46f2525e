package access_test

import (
	"crypto/tls"
	"encoding/json"
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

// TestSession: a browser exchanges its token for a cookie, which is as good as the token and dies with it.
func TestSession(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	o := access.Options{Tokens: tokens(t), CookieName: "zoetrope_8420", SessionFile: filepath.Join(t.TempDir(), "sessions")}
	g := newGuard(t, o)
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
	restarted := newGuard(t, o)
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

// TestLogout: who logs out ends the session for good, in every copy of its cookie, and nobody else's.
func TestLogout(t *testing.T) {
	o := access.Options{Tokens: tokens(t), SessionFile: filepath.Join(t.TempDir(), "sessions")}
	g := newGuard(t, o)
	logIn := func() string {
		w := ask(g, "POST", "/api/v1/session", `{"token": "`+both+`"}`, "Content-Type", "application/json")
		return "zoetrope=" + w.Result().Cookies()[0].Value
	}
	mine, yours := logIn(), logIn()
	if w := ask(g, "DELETE", "/api/v1/session", "", "Cookie", mine); w.Code != 200 {
		t.Fatalf("logging out = %d %s", w.Code, w.Body)
	}
	ask(g, "DELETE", "/api/v1/session", "", "Cookie", "zoetrope=invented")
	for name, at := range map[string]*access.Guard{"at once": g, "after a restart": newGuard(t, o)} {
		if got := ask(at, "GET", "/x", "", "Cookie", mine).Code; got != 401 {
			t.Errorf("%s: a copy of the cookie = %d", name, got)
		}
		if got := ask(at, "GET", "/x", "", "Cookie", yours).Code; got != 200 {
			t.Errorf("%s: another session = %d", name, got)
		}
	}
}

// TestCookieOfAnotherServer: a cookie is valid only where it was given, also where another server has the same token.
func TestCookieOfAnotherServer(t *testing.T) {
	here := access.Options{Tokens: tokens(t), SessionFile: filepath.Join(t.TempDir(), "sessions"), CookieName: "zoetrope_1"}
	cookie := ask(newGuard(t, here), "POST", "/api/v1/session", `{"token": "`+both+`"}`, "Content-Type", "application/json").Result().Cookies()[0]
	port, path, file, none := here, here, here, here
	port.CookieName, path.BasePath, file.SessionFile, none.SessionFile = "zoetrope_2", "/lab/", filepath.Join(t.TempDir(), "sessions"), ""
	for name, o := range map[string]access.Options{"port": port, "path": path, "file": file, "process": none} {
		g := newGuard(t, o)
		if got := ask(g, "GET", strings.TrimSuffix("/"+strings.Trim(o.BasePath, "/"), "/")+"/x", "", "Cookie", o.CookieName+"="+cookie.Value).Code; got != 401 {
			t.Errorf("at a server of another %s = %d", name, got)
		}
	}
	if got := ask(newGuard(t, here), "GET", "/x", "", "Cookie", cookie.Name+"="+cookie.Value).Code; got != 200 {
		t.Errorf("where it was given = %d", got)
	}
}

// TestSessionFile: it is private, and one that is damaged or open to others is refused.
func TestSessionFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessions")
	newGuard(t, access.Options{SessionFile: file})
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	key, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		says       string
	}{
		{"empty", "", 0o600, "has no key"},
		{"no key", "ended " + strings.Repeat("00", 24) + "\n", 0o600, "has no key"},
		{"half a key", string(key[:20]), 0o600, "is damaged"},
		{"two keys", string(key) + string(key), 0o600, "is damaged"},
		{"something else", "read TOKEN\n", 0o600, "is damaged"},
		{"public", string(key), 0o644, "can be read or changed by others"},
	} {
		if runtime.GOOS == "windows" && c.mode != 0o600 {
			continue
		}
		file := filepath.Join(t.TempDir(), "sessions")
		if err := os.WriteFile(file, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := access.New(inside, access.Options{SessionFile: file}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
}

// TestInsistOnTLS: a browser is told to use TLS for a name that is the server's own, and for no other.
func TestInsistOnTLS(t *testing.T) {
	g := newGuard(t, access.Options{Tokens: tokens(t), Hosts: []string{"lab.example.org", "gpu.example.org"}})
	for _, c := range []struct {
		host string
		tls  bool
		told bool
	}{
		{"lab.example.org", true, true},
		{"lab.example.org:8420", true, true},
		{"lab.example.org", false, false},
		{"localhost", true, false},
		{"127.0.0.1:8420", true, false},
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		r.Host = c.host
		if r.TLS = nil; c.tls {
			r.TLS = new(tls.ConnectionState)
		}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if told := w.Header().Get("Strict-Transport-Security") != ""; told != c.told {
			t.Errorf("%s, TLS %v: told %v", c.host, c.tls, told)
		}
	}
}
