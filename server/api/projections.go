package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpbody"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// An outline is a projection's box, and which epochs of each run are in it.
type outline struct {
	box
	epochs map[string][]int // by the run's id; ascending
}

type outlineKey struct {
	projection string
	revision   int
}

// outline returns the projection's outline. Of a map that an earlier version made, it takes reading all points.
func (h *Handler) outline(r *http.Request, p *projector.Projection) (*outline, error) {
	info := p.Info()
	return h.outlines.get(r.Context(), outlineKey{info.ID, info.Revision}, func(ctx context.Context) (*outline, error) {
		o, err := p.Outline(ctx)
		if err != nil {
			return nil, err
		}
		return &outline{enclose(o.Low, o.High), o.Epochs}, nil
	})
}

// A Projection is a projection, what its method reads, and how far it is behind its runs.
type Projection struct {
	projector.Info
	Settings []string          `json:"settings"` // names of options
	Behind   *projector.Behind `json:"behind"`
}

func toProjection(ctx context.Context, p *projector.Projection) (Projection, error) {
	behind, err := p.Behind(ctx)
	return Projection{p.Info(), projector.MethodSettings(p.Info().Method), behind}, err
}

func (h *Handler) getProjections(w http.ResponseWriter, r *http.Request) error {
	infos, err := projector.List(r.Context(), h.store, r.URL.Query().Get("run"))
	if err != nil {
		return err
	}
	list := []Projection{}
	for _, info := range infos {
		p, err := projector.Open(r.Context(), h.store, info.ID)
		if errors.Is(err, tracker.ErrNotFound) {
			continue // deleted in this moment
		}
		if err != nil {
			return err
		}
		one, err := toProjection(r.Context(), p)
		if err != nil {
			return err
		}
		list = append(list, one)
	}
	return sendJSON(w, r, map[string]any{"projections": list})
}

func (h *Handler) getProjection(w http.ResponseWriter, r *http.Request) error {
	p, err := h.projection(r)
	if err != nil {
		return err
	}
	one, err := toProjection(r.Context(), p)
	if err != nil {
		return err
	}
	return sendJSON(w, r, one)
}

// projection is the projection that the path names.
func (h *Handler) projection(r *http.Request) (*projector.Projection, error) {
	id := r.PathValue("projection")
	if id == "" {
		return nil, httpjson.Invalid("the projection has no id")
	}
	return projector.Open(r.Context(), h.store, id)
}

// part is a run on a projection.
type part struct {
	box
	run    tracker.RunInfo
	epochs []int // ascending
}

// part is what of the projection belongs to the query's run; without one, to the projection's only run.
func (h *Handler) part(r *http.Request, p *projector.Projection) (m part, err error) {
	info := p.Info()
	name := r.URL.Query().Get("run")
	if name == "" && len(info.Runs) != 1 {
		return m, httpjson.Invalid("projection %s is of %d runs: say which, with ?run=", info.ID, len(info.Runs))
	}
	if name == "" {
		name = info.Runs[0]
	}
	if m.run, err = h.store.Run(r.Context(), name); err != nil {
		return m, err
	}
	if !slices.Contains(info.Runs, m.run.ID) {
		return m, fmt.Errorf("run %s/%s is not on projection %s: %w", m.run.Experiment, m.run.Name, info.ID, tracker.ErrNotFound)
	}
	o, err := h.outline(r, p)
	if err != nil {
		return m, err
	}
	m.box, m.epochs = o.box, o.epochs[m.run.ID]
	return m, nil
}

func (h *Handler) getLayout(w http.ResponseWriter, r *http.Request) error {
	l, err := settled(func() (*Layout, error) { return h.layout(r) })
	if err != nil {
		return err
	}
	return sendJSON(w, r, l)
}

func (h *Handler) layout(r *http.Request) (*Layout, error) {
	p, err := h.projection(r)
	if err != nil {
		return nil, err
	}
	m, err := h.part(r, p)
	if err != nil {
		return nil, err
	}
	info := p.Info()
	return &Layout{
		Projection: info.ID,
		Revision:   strconv.Itoa(info.Revision),
		Run:        m.run.ID,
		Layer:      info.Layer,
		Dims:       info.Dims,
		Rows:       m.run.Samples,
		Epochs:     m.epochs,
		box:        m.box,
		// The number of rows is part of the address, because samples may be added to a run later.
		Positions: fmt.Sprintf("projections/%s/revisions/%d/positions?run=%s&rows=%d",
			url.PathEscape(info.ID), info.Revision, url.QueryEscape(m.run.ID), m.run.Samples),
	}, nil
}

// getPositions answers with the positions of epochs. They are not cached here: reading them from the store takes less
// time than sending them, and browsers cache them.
func (h *Handler) getPositions(w http.ResponseWriter, r *http.Request) error {
	p, err := h.projection(r)
	if err != nil {
		return err
	}
	if err := checkRevision(p.Info(), r.PathValue("revision")); err != nil {
		return err
	}
	m, err := h.part(r, p)
	if err != nil {
		return h.supersededBy(r.Context(), p.Info().ID, err)
	}
	rows, err := intParam(r, "rows", m.run.Samples, 0, math.MaxInt)
	if err != nil {
		return err
	}
	if rows != m.run.Samples {
		return &superseded{r.PathValue("revision")} // of which the run has more or fewer rows by now
	}
	at, err := askedEpochs(r, m.epochs)
	if err != nil {
		return err
	}
	numbers := make([]int, len(at))
	for i, k := range at {
		numbers[i] = m.epochs[k]
	}
	places, err := p.Blocks(r.Context(), m.run.ID, rows, numbers)
	if err != nil {
		return h.supersededBy(r.Context(), p.Info().ID, err)
	}
	httpbody.CacheForever(w)
	return sendPlaces(w, r, m.box, places)
}

// pointQuery reads run, epoch and sample; a missing one means all.
func pointQuery(r *http.Request) (projector.Query, error) {
	q := r.URL.Query()
	out := projector.Query{Run: q.Get("run"), AllEpochs: q.Get("epoch") == "", Samples: q["sample"]}
	var err error
	out.Epoch, err = intParam(r, "epoch", 0, math.MinInt32, math.MaxInt32)
	return out, err
}

func (h *Handler) getPoints(w http.ResponseWriter, r *http.Request) error {
	return h.sendPoints(w, r, (*projector.Projection).Points)
}

func (h *Handler) getTrajectory(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Has("epoch") {
		return httpjson.Invalid("a trajectory goes through all epochs: ask for it without one, or for the points of an epoch")
	}
	return h.sendPoints(w, r, (*projector.Projection).Trajectory)
}

func (h *Handler) sendPoints(w http.ResponseWriter, r *http.Request,
	read func(*projector.Projection, context.Context, projector.Query) ([]projector.Point, error)) error {
	p, err := h.projection(r)
	if err != nil {
		return err
	}
	q, err := pointQuery(r)
	if err != nil {
		return err
	}
	format := r.URL.Query().Get("format")
	if format == "npy" {
		return h.sendArray(w, r, p, q)
	}
	points, err := read(p, r.Context(), q)
	if err != nil {
		return err
	}
	if points == nil {
		points = []projector.Point{}
	}
	switch format {
	case "", "json":
	case "csv":
		var b bytes.Buffer
		if err := projector.WriteCSV(&b, points, p.Info().Dims); err != nil {
			return err
		}
		send(w, r, "text/csv; charset=utf-8", b.Bytes())
		return nil
	default:
		return httpjson.Invalid("format = %q, want json, csv or npy", format)
	}
	return sendJSON(w, r, map[string]any{"projection": p.Info().ID, "revision": p.Info().Revision, "points": points})
}

// sendArray answers with points as a .npy file: epochs × samples × dims.
func (h *Handler) sendArray(w http.ResponseWriter, r *http.Request, p *projector.Projection, q projector.Query) error {
	if q.Samples != nil {
		return httpjson.Invalid("format=npy is of all samples: ask for json or csv")
	}
	a, err := p.Array(r.Context(), q)
	if errors.Is(err, tracker.ErrAmbiguous) {
		return fmt.Errorf("%w, with ?run=", err)
	}
	if err != nil {
		return err
	}
	return sendNpy(w, r, a.Values, a.Epochs, a.Samples, a.Dims)
}

func (h *Handler) getNeighbors(w http.ResponseWriter, r *http.Request) error {
	p, err := h.projection(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	if q.Get("sample") == "" || q.Get("epoch") == "" {
		return httpjson.Invalid("neighbors wants an epoch and a sample: ?epoch=7&sample=42")
	}
	epoch, err := intParam(r, "epoch", 0, math.MinInt32, math.MaxInt32)
	if err != nil {
		return err
	}
	k, err := intParam(r, "k", 10, 1, 10_000)
	if err != nil {
		return err
	}
	var near []projector.Neighbor
	if run := q.Get("run"); run != "" {
		near, err = p.NeighborsIn(r.Context(), run, epoch, q.Get("sample"), k)
	} else {
		near, err = p.Neighbors(r.Context(), epoch, q.Get("sample"), k)
	}
	if err != nil {
		return err
	}
	return sendJSON(w, r, map[string]any{"projection": p.Info().ID, "revision": p.Info().Revision, "epoch": epoch, "sample": q.Get("sample"), "neighbors": near})
}

func (h *Handler) getQuality(w http.ResponseWriter, r *http.Request) error {
	q, err := settled(func() (*projector.Quality, error) { return h.quality(r) })
	if err != nil {
		return h.supersededBy(r.Context(), r.PathValue("projection"), err)
	}
	if q.Transitions == nil {
		q.Transitions = []projector.TransitionQuality{} // maps of one epoch are stored without
	}
	return sendJSON(w, r, q)
}

func (h *Handler) quality(r *http.Request) (*projector.Quality, error) {
	p, err := h.projection(r)
	if err != nil {
		return nil, err
	}
	return p.Quality(r.Context())
}
