package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// A refusal is why a request may not go on.
type refusal struct {
	status int
	code   string
	text   string
	after  int // seconds after which to try again
}

func (e *refusal) Error() string { return e.text }

// deny answers with an error, as all of the API does.
func deny(w http.ResponseWriter, r *http.Request, status int, code, format string, args ...any) {
	send(w, r, status, map[string]string{"error": fmt.Sprintf(format, args...), "code": code})
}

func send(w http.ResponseWriter, r *http.Request, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and flags
	}
	sendBytes(w, r, status, "application/json", append(b, '\n'))
}

// policy allows the login page its own files, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'"

func sendBytes(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) {
	head := w.Header()
	head.Set("Content-Type", kind)
	head.Set("Content-Length", strconv.Itoa(len(body)))
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Security-Policy", policy)
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// turnAway answers somebody who has no token: a person with a page that asks for it, a program with an error.
func (g *Guard) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	var e *refusal
	if !errors.As(err, &e) {
		e = &refusal{http.StatusInternalServerError, "internal", err.Error(), 0}
	}
	if e.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.after))
	}
	w.Header().Set("Connection", "close") // strangers keep no connection
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="zoetrope"`)
		if r.URL.Path == "/" && reads(r) && r.Header.Get("Authorization") == "" {
			g.sendPage(w, r, e.status, "login.html")
			return
		}
	}
	deny(w, r, e.status, e.code, "%s", e.text)
}
