package viewer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// An atlas is a whole projection in memory: the clouds of its runs, in one box.
type atlas struct {
	box
	runs map[string]*cloud // by id
}

type atlasKey struct {
	projection string
	revision   int
}

// atlas returns the projection's atlas.
func (h *Handler) atlas(r *http.Request, p *projector.Projection) (*atlas, error) {
	info := p.Info()
	return h.atlases.get(atlasKey{info.ID, info.Revision}, func() (*atlas, error) {
		return h.readAtlas(r, p)
	})
}

func (h *Handler) readAtlas(r *http.Request, p *projector.Projection) (*atlas, error) {
	info, ctx := p.Info(), h.context(r)
	placed, err := p.Placements(ctx, projector.Query{AllEpochs: true})
	if err != nil {
		return nil, err
	}
	a := &atlas{runs: map[string]*cloud{}}
	rosters := map[string][]tracker.Sample{}
	for _, id := range info.Runs {
		run, err := h.store.Run(ctx, id)
		if err != nil {
			return nil, err
		}
		if rosters[id], err = h.samples(r, run); err != nil {
			return nil, err
		}
		a.runs[id] = &cloud{dims: info.Dims, rows: len(rosters[id])}
	}
	all := make([]*cloud, 0, len(a.runs))
	for _, pl := range placed {
		c := a.runs[pl.Run]
		c.epochs = append(c.epochs, pl.Epoch)
		c.places = append(c.places, c.arrange(pl, rosters[pl.Run]))
	}
	for _, c := range a.runs {
		all = append(all, c)
	}
	low, high, ok := bounds(all...)
	if !ok {
		return nil, fmt.Errorf("projection %q has no points: %w", info.ID, tracker.ErrNotFound)
	}
	a.box = enclose(low, high)
	return a, nil
}

// arrange gives each of the run's samples its place. A placement is nearly always in their order, so that few are looked
// up by id.
func (c *cloud) arrange(pl projector.Placement, samples []tracker.Sample) []float32 {
	out := filled(c.rows*c.dims, float32(math.NaN()))
	var row map[string]int
	at := 0
	for i, id := range pl.Samples {
		if at == len(samples) || samples[at].ID != id {
			if row == nil {
				row = rowsOf(samples)
			}
			var ok bool
			if at, ok = row[id]; !ok || at >= c.rows {
				at = len(samples) // added since
				continue
			}
		}
		copy(out[at*c.dims:(at+1)*c.dims], pl.Coordinates[i*c.dims:])
		at++
	}
	return out
}

func (h *Handler) getProjections(w http.ResponseWriter, r *http.Request) error {
	list, err := projector.List(r.Context(), h.store, r.URL.Query().Get("run"))
	if err != nil {
		return err
	}
	if list == nil {
		list = []projector.Info{}
	}
	return sendJSON(w, r, map[string]any{"projections": list})
}

func (h *Handler) getProjection(w http.ResponseWriter, r *http.Request) error {
	p, err := h.projection(r)
	if err != nil {
		return err
	}
	return sendJSON(w, r, p.Info())
}

// projection is the projection that the path names.
func (h *Handler) projection(r *http.Request) (*projector.Projection, error) {
	id := r.PathValue("projection")
	if id == "" {
		return nil, bad("the projection has no id")
	}
	return projector.Open(r.Context(), h.store, id)
}

// cloud is the part of the projection that belongs to the query's run; without one, to the projection's only run.
func (h *Handler) cloud(r *http.Request, p *projector.Projection) (*atlas, *cloud, string, error) {
	info := p.Info()
	a, err := h.atlas(r, p)
	if err != nil {
		return nil, nil, "", err
	}
	name := r.URL.Query().Get("run")
	if name == "" && len(info.Runs) != 1 {
		return nil, nil, "", bad("projection %s is of %d runs: say which, with ?run=", info.ID, len(info.Runs))
	}
	if name == "" {
		name = info.Runs[0]
	}
	run, err := h.store.Run(r.Context(), name)
	if err != nil {
		return nil, nil, "", err
	}
	c, ok := a.runs[run.ID]
	if !ok {
		return nil, nil, "", fmt.Errorf("run %s/%s is not on projection %s: %w", run.Experiment, run.Name, info.ID, tracker.ErrNotFound)
	}
	return a, c, run.ID, nil
}

func (h *Handler) getLayout(w http.ResponseWriter, r *http.Request) error {
	p, err := h.projection(r)
	if err != nil {
		return err
	}
	a, c, run, err := h.cloud(r, p)
	if err != nil {
		return err
	}
	info := p.Info()
	return sendJSON(w, r, layoutJSON{
		Projection: info.ID,
		Revision:   strconv.Itoa(info.Revision),
		Run:        run,
		Layer:      info.Layer,
		Dims:       c.dims,
		Rows:       c.rows,
		Epochs:     c.epochs,
		box:        a.box,
		// The number of rows is part of the address, because samples may be added to a run later.
		Positions: fmt.Sprintf("projections/%s/revisions/%d/positions?run=%s&rows=%d",
			url.PathEscape(info.ID), info.Revision, url.QueryEscape(run), c.rows),
	})
}

func (h *Handler) getPositions(w http.ResponseWriter, r *http.Request) error {
	p, err := h.projection(r)
	if err != nil {
		return err
	}
	if now := strconv.Itoa(p.Info().Revision); r.PathValue("revision") != now {
		return gone{fmt.Sprintf("revision %s of projection %s is gone, it is revision %s now", r.PathValue("revision"), p.Info().ID, now)}
	}
	a, c, _, err := h.cloud(r, p)
	if err != nil {
		return err
	}
	rows, err := intParam(r, "rows", c.rows, 0, math.MaxInt)
	if err != nil {
		return err
	}
	if rows != c.rows {
		return gone{fmt.Sprintf("the run has %d samples on this map, not %d", c.rows, rows)}
	}
	at, err := askedEpochs(r, c.epochs)
	if err != nil {
		return err
	}
	places := make([][]float32, len(at))
	for i, k := range at {
		places[i] = c.places[k]
	}
	keep(w)
	return sendPlaces(w, r, a.box, places)
}

// pointQuery reads run, epoch and sample; where they are not given, all are meant.
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
		return bad("a trajectory goes through all epochs: ask for it without one, or for the points of an epoch")
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
		return bad("format = %q, want json, csv or npy", format)
	}
	return sendJSON(w, r, map[string]any{"projection": p.Info().ID, "revision": p.Info().Revision, "points": points})
}

// sendArray answers with points as a .npy file: epochs × samples × dims.
func (h *Handler) sendArray(w http.ResponseWriter, r *http.Request, p *projector.Projection, q projector.Query) error {
	if q.Samples != nil {
		return bad("format=npy is of all samples: ask for json or csv")
	}
	a, err := p.Array(r.Context(), q)
	if errors.Is(err, tracker.ErrAmbiguous) {
		return bad("%v, with ?run=", err)
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
		return bad("neighbors wants an epoch and a sample: ?epoch=7&sample=42")
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
	return sendJSON(w, r, map[string]any{"projection": p.Info().ID, "epoch": epoch, "sample": q.Get("sample"), "neighbors": near})
}

func (h *Handler) getQuality(w http.ResponseWriter, r *http.Request) error {
	p, err := h.projection(r)
	if err != nil {
		return err
	}
	q, err := p.Quality(r.Context())
	if err != nil {
		return err
	}
	return sendJSON(w, r, q)
}
