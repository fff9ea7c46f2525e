package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// What a page may ask of the machine, besides what package projector allows.
const (
	requestMost   = 1 << 20 // bytes
	passesMost    = 10_000
	neighborsMost = 1_000
	projectedMost = 100           // runs
	maxChoice     = 1_000_000_000 // samples and points; there are no stores with more
)

// projectRequest is the body of POST projections: the options that differ from the usual ones.
type projectRequest struct {
	Runs []string `json:"runs"` // none: the newest
	projector.Options
}

// postProjection starts a projection, or queues it.
func (h *Handler) postProjection(w http.ResponseWriter, r *http.Request) error {
	q := projectRequest{Options: projector.Defaults()}
	if err := httpjson.Read(w, r, requestMost, &q); err != nil {
		return err
	}
	for _, c := range []struct {
		name, thing string
		n, most     int
	}{{"n_epochs", "passes", q.NEpochs, passesMost}, {"n_neighbors", "neighbours", q.NNeighbors, neighborsMost}, {"runs", "runs", len(q.Runs), projectedMost},
		{"samples", "samples", q.Samples, maxChoice}, {"max_points", "points", q.MaxPoints, maxChoice}} {
		if c.n > c.most {
			return httpjson.Invalid("%s = %d, want at most %d %s from a page: use 'zoetrope project' for more", c.name, c.n, c.most, c.thing)
		}
	}
	q.Workers = 0
	if err := q.Options.Validate(); err != nil {
		return err
	}
	asked := slices.Clone(q.Runs)
	if len(q.Runs) == 0 {
		q.Runs = []string{""}
	}
	for i, name := range q.Runs {
		info, err := h.store.Run(r.Context(), name)
		if err != nil {
			return err
		}
		if info.Epochs == 0 {
			return httpjson.Invalid("run %s/%s has no epochs yet", info.Experiment, info.Name)
		}
		q.Runs[i] = info.ID
	}
	if err := h.fits(r.Context(), q); err != nil {
		return err
	}
	j, err := h.jobs.add(q.Runs, asked, q.Options, r.Header.Get("Idempotency-Key"))
	if err != nil {
		return err
	}
	httpjson.Write(w, r, http.StatusAccepted, j)
	return nil
}

// fits refuses a map that would take more memory than the server has for one.
func (h *Handler) fits(ctx context.Context, q projectRequest) error {
	takes, err := projector.Memory(ctx, h.store, q.Runs, q.Options)
	if err == nil && takes > h.o.MapBytes { // what else is wrong, the job tells
		return httpjson.Refuse(http.StatusRequestEntityTooLarge, "too_large",
			"the map would take about %.1f GiB of memory, and this server has %.1f for one: choose fewer points (max_points), samples, epochs or neighbours (n_neighbors)",
			float64(takes)/(1<<30), float64(h.o.MapBytes)/(1<<30))
	}
	return ctx.Err()
}

func (h *Handler) getJobs(w http.ResponseWriter, r *http.Request) error {
	return sendJSON(w, r, map[string]any{"jobs": h.jobs.list()})
}

func (h *Handler) getJob(w http.ResponseWriter, r *http.Request) error {
	j, err := h.jobs.find(r.PathValue("job"))
	if err != nil {
		return err
	}
	return sendJSON(w, r, j)
}

func (h *Handler) deleteJob(w http.ResponseWriter, r *http.Request) error {
	j, err := h.jobs.stop(r.PathValue("job"))
	if err != nil {
		return err
	}
	httpjson.Write(w, r, http.StatusOK, j)
	return nil
}

func (h *Handler) deleteProjection(w http.ResponseWriter, r *http.Request) error {
	p, err := h.projection(r)
	if err != nil {
		return err
	}
	if err := projector.Delete(r.Context(), h.store, p.Info().ID); err != nil {
		return err
	}
	httpjson.Write(w, r, http.StatusOK, struct{}{})
	return nil
}

// refuseWrites answers a method that is not possible here.
func (h *Handler) refuseWrites(w http.ResponseWriter, r *http.Request) {
	allow := []string{"GET", "HEAD"}
	if h.o.Projections {
		for _, method := range []string{"POST", "DELETE"} {
			asked := *r
			asked.Method = method
			if _, pattern := h.mux.Handler(&asked); strings.HasPrefix(pattern, method) {
				allow = append(allow, method)
			}
		}
	}
	why := ""
	if !h.o.Projections {
		why = "this server only reads"
	}
	httpjson.MethodNotAllowed(w, r, allow, why)
}
