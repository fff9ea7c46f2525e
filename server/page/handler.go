package page

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/access"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// Options are the settings of a [Handler]. The zero value suits a page on the user's own machine.
type Options struct {
	// Hosts are the names, without ports, under which the page answers, besides localhost and addresses: for a
	// reverse proxy on the same machine. "*" is any name, for a handler behind a guard. On an address that other machines
	// reach, none means any.
	Hosts []string

	// Frames are the origins whose pages may show this one in a frame, as http://localhost:8888 for a notebook there. Without
	// any, none may: a page of another site could otherwise lure people into clicks that they do not mean to make here.
	Frames []string

	// Logger takes failures that are not the client's; nil means [slog.Default].
	Logger *slog.Logger
}

// A Handler serves the page, and the API that the page reads. It is safe for concurrent use.
type Handler struct {
	api    http.Handler
	o      Options
	log    *slog.Logger
	mux    *http.ServeMux
	bundle *bundle

	patience time.Duration // for preloaded answers
}

// New returns a handler for the page, with api, a handler of package api, for everything else.
func New(api http.Handler, o Options) *Handler {
	h := &Handler{api: api, o: o, log: o.Logger, mux: http.NewServeMux(), bundle: newBundle(), patience: preloadPatience}
	if h.log == nil {
		h.log = slog.Default()
	}
	h.mux.HandleFunc("GET /{$}", h.index)
	h.mux.HandleFunc("GET /assets/{version}/{file}", h.bundle.asset)
	h.mux.Handle("/", api)
	return h
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", policy+h.ancestors())
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Content-Type-Options", "nosniff")
	if len(h.o.Frames) == 0 {
		head.Set("X-Frame-Options", "DENY") // for browsers without frame-ancestors; it has no origins
	}
	if err := access.CheckHost(r, h.o.Hosts); err != nil {
		httpjson.Fail(w, r, err)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// policy allows the page its own files and nothing else: no inline script or style, no other server.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; frame-ancestors "

func (h *Handler) ancestors() string {
	if len(h.o.Frames) == 0 {
		return "'none'"
	}
	return strings.Join(h.o.Frames, " ")
}
