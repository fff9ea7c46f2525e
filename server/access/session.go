package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/binary"
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

func (g *Guard) closeSession(w http.ResponseWriter, r *http.Request) {
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

// A cookie is when it ends, something random, and a signature of both with a key that comes from the token: it needs no
// memory, survives a restart, and is void when the token is taken away.
const cookieBytes = 8 + 16 + sha256.Size

func (g *Guard) cookie(t Token) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, cookieBytes), uint64(g.now().Add(sessionFor).Unix()))
	b = b[:24]
	rand.Read(b[8:])
	return base64.RawURLEncoding.EncodeToString(append(b, sign(t, b)...))
}

func sign(t Token, b []byte) []byte {
	h := hmac.New(sha256.New, t.session[:])
	h.Write(b)
	return h.Sum(nil)
}

// ofCookie returns the token that a cookie was given for.
func (g *Guard) ofCookie(value string) (found Token, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(b) != cookieBytes {
		return Token{}, false
	}
	for _, t := range g.o.Tokens {
		if subtle.ConstantTimeCompare(sign(t, b[:24]), b[24:]) == 1 {
			found, ok = t, true
		}
	}
	ends := time.Unix(int64(binary.BigEndian.Uint64(b)&(1<<40-1)), 0)
	return found, ok && g.now().Before(ends)
}
