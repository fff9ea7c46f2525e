package api

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/usage"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpbody"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Options are the settings of a [Handler]. The zero value suits a page on the user's own machine.
type Options struct {
	// ReadOnly tells the page that nothing may be written, so that it offers nothing that writes.
	ReadOnly bool

	// Projections lets the page start projections, cancel and delete them. It is for a handler behind a guard that keeps
	// other sites' pages out, such as that of package access, and a store that is open for writing.
	Projections bool

	// MayProject reports whether the sender of a request may do so; nil means that everybody may. It only informs the page,
	// so that it offers nothing that would be refused.
	MayProject func(*http.Request) bool

	// Streams is how many event streams may be open at once; 0 means 256.
	Streams int

	// FilmPoints is how many points a film may have, of all epochs together; 0 means a million.
	FilmPoints int

	// WorkBytes is how much memory heavy requests may take together: vectors, the neighbours of all samples, sheets of
	// pictures, points; 0 means 1 GiB.
	WorkBytes int64

	// MapBytes is how much memory making a map may take; 0 means half of the machine's.
	MapBytes int64

	// Poll is the interval at which the store is asked for news while there are listeners; 0 means 200 ms.
	Poll time.Duration

	// Logger takes failures that are not the client's; nil means [slog.Default].
	Logger *slog.Logger
}

// A Handler serves one store. It is safe for concurrent use.
type Handler struct {
	store *tracker.Store
	o     Options
	log   *slog.Logger
	mux   *http.ServeMux
	feed  *feed
	jobs  *jobs

	streams chan struct{} // holds an element for each open event stream

	films chan struct{} // holds one while a film is made
	work  *budget

	outlines     *cache[outlineKey, *outline]
	provisionals *cache[provisionalKey, *provisionalMap]
	sprites      *cache[spriteKey, *sprite]
	sheets       *cache[sheetKey, []byte]
	near         *cache[neighborhoodsKey, *projector.Neighborhoods]
	rosters      *cache[spriteKey, []tracker.Sample]
	columns      *cache[columnsKey, *httpbody.Body]
}

// keptBytes is what sheets of pictures may take that are kept for the next who asks, and so may neighbours.
const keptBytes = 128 << 20

// New returns a handler for store, which must stay open until the handler is closed.
func New(store *tracker.Store, o Options) *Handler {
	h := &Handler{
		store:        store,
		o:            o,
		log:          o.Logger,
		outlines:     newCache[outlineKey, *outline](64),
		provisionals: newCache[provisionalKey, *provisionalMap](8),
		sprites:      newCache[spriteKey, *sprite](4),
		sheets:       newWeighed[sheetKey](64, keptBytes, func(png []byte) int64 { return int64(len(png)) }),
		near: newWeighed[neighborhoodsKey](32, keptBytes, func(n *projector.Neighborhoods) int64 {
			return 4*int64(len(n.Near)) + 16*int64(len(n.Samples))
		}),
		rosters: newCache[spriteKey, []tracker.Sample](3),
		columns: newCache[columnsKey, *httpbody.Body](4),
	}
	if h.log == nil {
		h.log = slog.Default()
	}
	if h.o.Poll <= 0 {
		h.o.Poll = 200 * time.Millisecond
	}
	if h.o.Streams <= 0 {
		h.o.Streams = 256
	}
	if h.o.FilmPoints <= 0 {
		h.o.FilmPoints = maxFilmPoints
	}
	if h.o.WorkBytes <= 0 {
		h.o.WorkBytes = maxWork
	}
	if h.o.MapBytes <= 0 {
		h.o.MapBytes = usage.Memory() / 2
	}
	h.work = newBudget(h.o.WorkBytes)
	h.streams = make(chan struct{}, h.o.Streams)
	h.films = make(chan struct{}, 1)
	h.feed = newFeed(store, h.o.Poll, h.log)
	h.jobs = &jobs{store: store, tell: h.feed.publish}
	h.mux = h.route()
	return h
}

// Close cancels projections that are being made, and ends all event streams. Requests that come later get no events.
func (h *Handler) Close() error {
	h.jobs.close()
	h.feed.close()
	h.outlines.close()
	h.sprites.close()
	h.sheets.close()
	h.near.close()
	h.rosters.close()
	h.columns.close()
	return nil
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !h.writes(r) {
		h.refuseWrites(w, r)
		return
	}
	h.mux.ServeHTTP(w, r)
}

func (h *Handler) route() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", httpjson.NotFound)
	for pattern, answer := range h.answers() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			err := answer(w, r)
			if s, ok := errors.AsType[*superseded](err); ok {
				s.send(w)
			} else if err != nil {
				httpjson.Explain(w, r, err, h.log)
			}
		})
	}
	return mux
}

// writes reports whether a request is one that writes, which this handler takes.
func (h *Handler) writes(r *http.Request) bool {
	_, pattern := h.mux.Handler(r)
	return h.o.Projections && strings.HasPrefix(pattern, r.Method+" ")
}

// answers returns the function for each method and path.
func (h *Handler) answers() map[string]func(http.ResponseWriter, *http.Request) error {
	all := map[string]func(http.ResponseWriter, *http.Request) error{
		"POST /api/v1/projections":                h.postProjection,
		"DELETE /api/v1/projections/{projection}": h.deleteProjection,
		"DELETE /api/v1/jobs/{job}":               h.deleteJob,
	}
	for path, answer := range h.reads() {
		all["GET /api/v1/"+path] = answer
	}
	return all
}

// reads returns the function for a GET of each path below /api/v1.
func (h *Handler) reads() map[string]func(http.ResponseWriter, *http.Request) error {
	return map[string]func(http.ResponseWriter, *http.Request) error{
		"runs":                                  h.getRuns,
		"runs/{run}":                            h.getRun,
		"projections":                           h.getProjections,
		"projections/fields":                    h.getFields,
		"jobs":                                  h.getJobs,
		"jobs/{job}":                            h.getJob,
		"openapi.json":                          h.getOpenAPI,
		"metrics":                               h.getComparison,
		"events":                                h.getEvents,
		"runs/{run}/epochs":                     h.getEpochs,
		"runs/{run}/metrics":                    h.getMetrics,
		"runs/{run}/samples":                    h.getSamples,
		"runs/{run}/vectors":                    h.getVectors,
		"runs/{run}/samples/{sample}/thumbnail": h.getThumbnail,
		"runs/{run}/sprite/{version}/{sheet}":   h.getSheet,
		"runs/{run}/epochs/{epoch}/outputs":     h.getOutputs,
		"runs/{run}/epochs/{epoch}/neighborhoods":                            h.getNeighborhoods,
		"runs/{run}/provisional":                                             h.getProvisional,
		"runs/{run}/provisional/{revision}/positions":                        h.getProvisionalPositions,
		"projections/{projection}":                                           h.getProjection,
		"projections/{projection}/layout":                                    h.getLayout,
		"projections/{projection}/revisions/{revision}/positions":            h.getPositions,
		"projections/{projection}/revisions/{revision}/epochs/{epoch}/trust": h.getTrust,
		"projections/{projection}/points":                                    h.getPoints,
		"projections/{projection}/trajectory":                                h.getTrajectory,
		"projections/{projection}/neighbors":                                 h.getNeighbors,
		"projections/{projection}/quality":                                   h.getQuality,
		"projections/{projection}/film":                                      h.getFilm,
	}
}

// mayProject reports whether the sender of a request may start projections.
func (h *Handler) mayProject(r *http.Request) bool {
	return h.o.Projections && (h.o.MayProject == nil || h.o.MayProject(r))
}
