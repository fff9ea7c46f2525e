package access

import (
	"net/http"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// deny answers with an error, as all of the API does.
func deny(w http.ResponseWriter, r *http.Request, err error) {
	lockDown(w.Header())
	httpjson.Fail(w, r, err)
}

func send(w http.ResponseWriter, r *http.Request, v any) {
	lockDown(w.Header())
	httpjson.Write(w, r, http.StatusOK, v)
}

// policy allows the login page its own files, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'"

// lockDown allows a browser nothing but to show what is answered.
func lockDown(head http.Header) {
	head.Set("Content-Security-Policy", policy)
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
}

// turnAway answers somebody who has no token: a person with a page that asks for it, a program with an error.
func (g *Guard) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	connOf(r).refuse()
	w.Header().Set("Connection", "close") // strangers keep no connection
	if httpjson.Of(err).Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="zoetrope"`)
		if r.URL.Path == "/" && reads(r) && r.Header.Get("Authorization") == "" {
			g.sendPage(w, r, http.StatusUnauthorized, "login.html")
			return
		}
	}
	deny(w, r, err)
}
