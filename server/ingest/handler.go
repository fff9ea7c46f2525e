package ingest

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Options are the settings of a [Handler]. The zero value will do.
type Options struct {
	Next      http.Handler  // answers what is no logging; nil: nobody does
	MaxFrame  int64         // bytes of a part of a frame, as float32; 0 means 256 MiB
	MaxMemory int64         // bytes of all frames that wait for their epochs; 0 means 1 GiB
	Idle      time.Duration // after which a run is given up, and a frame that waits forgotten; 0 means 5 minutes
	Logger    *slog.Logger  // takes failures that are not the client's; nil means [slog.Default]
}

// A Handler logs to one store. It is safe for concurrent use.
type Handler struct {
	store       *tracker.Store
	o           Options
	log         *slog.Logger
	mux         *http.ServeMux
	memory      *budget // for frames
	reading     *budget // for JSON, so that a commit, which frees memory, need not wait for it
	staging     *staging
	idempotency *idempotency

	stop  context.CancelFunc
	sweep sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	writers map[string]*writer // by run id; never removed, so that there is one for each run
}

// New returns a handler for store, which must be open for writing, and stay open until the handler is closed.
func New(store *tracker.Store, o Options) *Handler {
	if o.MaxFrame <= 0 {
		o.MaxFrame = 256 << 20
	}
	if o.MaxMemory <= 0 {
		o.MaxMemory = 1 << 30
	}
	if o.Idle <= 0 {
		o.Idle = 5 * time.Minute
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Next == nil {
		o.Next = http.HandlerFunc(httpjson.NotFound)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &Handler{store: store, o: o, log: o.Logger, stop: cancel, writers: map[string]*writer{}, idempotency: newIdempotency()}
	h.memory = &budget{limit: o.MaxMemory}
	h.reading = &budget{limit: maxReading}
	h.staging = newStaging(h.memory)
	h.mux = h.route()
	h.sweep.Go(func() { h.tidy(ctx) })
	return h
}

// Close waits for requests that write, and gives all runs up: they stay running, and can be resumed. Requests that come
// later are refused.
func (h *Handler) Close() error {
	h.stop()
	h.sweep.Wait()
	h.mu.Lock()
	h.closed = true
	held := slices.Collect(maps.Values(h.writers))
	h.mu.Unlock()
	for _, w := range held {
		w.giveUp()
	}
	return nil
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// Prefix is where all paths of the API begin.
const prefix = "/api/v1/"

// routes returns what answers each path and method.
func (h *Handler) routes() map[string]map[string]http.HandlerFunc {
	return map[string]map[string]http.HandlerFunc{
		"limits":                    {"GET": h.getLimits},
		"runs":                      {"POST": h.json(h.postRun)},
		"runs/{run}":                {"PATCH": h.json(h.patchRun)},
		"runs/{run}/samples":        {"POST": h.json(h.postSamples)},
		"runs/{run}/metrics":        {"POST": h.json(h.postMetrics)},
		"runs/{run}/truncate":       {"POST": h.json(h.postTruncate)},
		"runs/{run}/heartbeat":      {"POST": h.json(h.postHeartbeat)},
		"runs/{run}/finish":         {"POST": h.json(h.postFinish)},
		"runs/{run}/stop":           {"POST": h.json(h.postStop)},
		"runs/{run}/fail":           {"POST": h.json(h.postFail)},
		"runs/{run}/epochs/{epoch}": {"POST": h.json(h.postEpoch)},
		"runs/{run}/epochs/{epoch}/frames/{layer}": {"PUT": h.putFrame},
	}
}

// readable are those of the paths that Next answers a GET of.
var readable = []string{"runs", "runs/{run}", "runs/{run}/samples", "runs/{run}/metrics"}

func (h *Handler) route() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/", h.o.Next)
	for path, methods := range h.routes() {
		for method, answer := range methods {
			mux.HandleFunc(method+" "+prefix+path, answer)
		}
		allow := slices.Sorted(maps.Keys(methods))
		read := slices.Contains(readable, path)
		if read {
			allow = append([]string{"GET", "HEAD"}, allow...)
		}
		mux.HandleFunc(prefix+path, func(w http.ResponseWriter, r *http.Request) {
			if read && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
				h.o.Next.ServeHTTP(w, r)
				return
			}
			httpjson.MethodNotAllowed(w, r, allow, "")
		})
	}
	return mux
}

// Routes returns what a Handler answers itself, as "POST /api/v1/runs", in order.
func (h *Handler) Routes() []string {
	var list []string
	for path, methods := range h.routes() {
		for method := range methods {
			list = append(list, method+" "+prefix+path)
		}
	}
	slices.Sort(list)
	return list
}

// tidy gives up runs and forgets frames that nobody has touched for a while.
func (h *Handler) tidy(ctx context.Context) {
	tick := time.NewTicker(max(h.o.Idle/8, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		before := time.Now().Add(-h.o.Idle)
		h.mu.Lock()
		all := slices.Collect(maps.Values(h.writers))
		h.mu.Unlock()
		for _, w := range all {
			w.giveUpIfIdle(before)
		}
		h.staging.forget(before)
	}
}
