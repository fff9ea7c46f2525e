package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

//go:embed page
var pages embed.FS

// sessionFor is how long a cookie is good for.
const sessionFor = 30 * 24 * time.Hour

// route returns what a guard answers itself, to anybody.
func (g *Guard) route() *http.ServeMux {
	mux := http.NewServeMux()
	for _, name := range []string{"login", "login.js", "login.css"} {
		file := name
		if name == "login" {
			file = "login.html"
		}
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { g.sendPage(w, r, http.StatusOK, file) })
	}
	mux.HandleFunc("/api/v1/session", func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			g.tellSession(w, r)
		case http.MethodPost:
			g.openSession(w, r)
		case http.MethodDelete:
			g.closeSession(w, r)
		default:
			lockDown(w.Header())
			httpjson.MethodNotAllowed(w, r, []string{"GET", "HEAD", "POST", "DELETE"}, "")
		}
	})
	return mux
}

func (g *Guard) sendPage(w http.ResponseWriter, r *http.Request, status int, file string) {
	b, err := pages.ReadFile("page/" + file)
	if err != nil {
		panic(err) // embedded files cannot be missing
	}
	kind := map[string]string{".html": "text/html", ".js": "text/javascript", ".css": "text/css"}[path.Ext(file)]
	head := w.Header()
	lockDown(head)
	head.Set("Content-Type", kind+"; charset=utf-8")
	head.Set("Content-Length", strconv.Itoa(len(b)))
	head.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b)
	}
}

// A sessionAnswer says what whoever asks may do.
type sessionAnswer struct {
	Read bool `json:"read"`
	Log  bool `json:"log"`
}

func (g *Guard) answerOf(p Permission) sessionAnswer {
	return sessionAnswer{p&Read != 0, p&Log != 0 && !g.o.ReadOnly}
}

func (g *Guard) tellSession(w http.ResponseWriter, r *http.Request) {
	permits, err := g.identify(r)
	if err != nil {
		g.turnAway(w, r, err)
		return
	}
	send(w, r, g.answerOf(permits))
}

// openSession exchanges a token for a cookie.
func (g *Guard) openSession(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Token string `json:"token"`
		Path  string `json:"path"` // of the page, where a proxy takes a part of it off that only the browser knows
	}
	if err := httpjson.Read(w, r, 4<<10, &q); err != nil {
		deny(w, r, err)
		return
	}
	if len(g.o.Tokens) == 0 {
		send(w, r, g.answerOf(Read|Log)) // there is nothing to exchange
		return
	}
	t, err := g.check(r, q.Token)
	if err != nil {
		g.turnAway(w, r, err)
		return
	}
	g.setCookie(w, r, q.Path, g.cookie(t), int(sessionFor/time.Second))
	send(w, r, g.answerOf(t.Permits))
}

// closeSession ends a session: its cookie is void from now on, in this browser and in any copy.
func (g *Guard) closeSession(w http.ResponseWriter, r *http.Request) {
	for _, c := range r.CookiesNamed(g.o.CookieName) {
		if _, said, ok := g.ofCookie(c.Value); ok {
			if err := g.sessions.end(said, g.now()); err != nil {
				deny(w, r, httpjson.Refuse(http.StatusInternalServerError, "internal", "the session is ended until the server is started again, and this cannot be kept: %v", err))
				return
			}
		}
	}
	g.setCookie(w, r, r.URL.Query().Get("path"), "", -1)
	send(w, r, struct{}{})
}

func (g *Guard) setCookie(w http.ResponseWriter, r *http.Request, at, value string, age int) {
	if !strings.HasPrefix(at, "/") || len(at) > 1000 || strings.ContainsFunc(at, func(c rune) bool { return c <= ' ' || c > '~' || c == ';' || c == ',' || c == '"' || c == '\\' }) {
		at = g.base
	}
	http.SetCookie(w, &http.Cookie{
		Name:     g.o.CookieName,
		Value:    value,
		Path:     at,
		MaxAge:   age,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
		Secure:   r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	})
}

// A cookie says when it ends and something random, and has a signature of both with keys of the token and of the server: it
// is valid at no other server, and void when the token is taken away or somebody has logged out.
const (
	saidBytes   = 8 + 16
	cookieBytes = saidBytes + sha256.Size
)

func (g *Guard) cookie(t Token) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, cookieBytes), uint64(g.now().Add(sessionFor).Unix()))
	b = b[:saidBytes]
	rand.Read(b[8:])
	return base64.RawURLEncoding.EncodeToString(append(b, g.sign(t, b)...))
}

// sign signs what a cookie says, for this server: its key, its name for cookies, which has its port, and its path.
func (g *Guard) sign(t Token, said []byte) []byte {
	h := hmac.New(sha256.New, t.session[:])
	fmt.Fprintf(h, "%x %s %s ", g.sessions.key, g.o.CookieName, g.base)
	h.Write(said)
	return h.Sum(nil)
}

// ofCookie returns the token that a cookie was given for, and what it says.
func (g *Guard) ofCookie(value string) (found Token, said []byte, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(b) != cookieBytes {
		return Token{}, nil, false
	}
	said = b[:saidBytes]
	for _, t := range g.o.Tokens {
		if subtle.ConstantTimeCompare(g.sign(t, said), b[saidBytes:]) == 1 {
			found, ok = t, true
		}
	}
	return found, said, ok && g.now().Before(endOf(said)) && !g.sessions.void(said)
}

// endOf returns when a cookie ends that says this.
func endOf(said []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(said)&(1<<40-1)), 0)
}
