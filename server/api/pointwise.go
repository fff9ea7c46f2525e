package api

import (
	"context"
	"encoding/binary"
	"math"
	"net/http"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpbody"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// MaxPairwise is how many samples an epoch may have where all pairs of them are compared: some seconds on two cores.
const MaxPairwise = 50_000

type neighborhoodsKey struct {
	run, layer, metric, projection string
	epoch, seq, k, revision        int
}

// getNeighborhoods answers with the k nearest samples of every sample at an epoch, in the original space, or in that
// of a projection if one is named: rows × k little-endian uint32, indexes of the run's samples, and the highest number for
// none. K is a header.
func (h *Handler) getNeighborhoods(w http.ResponseWriter, r *http.Request) error {
	info, err := h.run(r)
	if err != nil {
		return err
	}
	epoch, err := wholeNumber("epoch", r.PathValue("epoch"), math.MinInt32, math.MaxInt32)
	if err != nil {
		return err
	}
	k, err := intParam(r, "k", 15, 1, 100)
	if err != nil {
		return err
	}
	if info.Samples > MaxPairwise {
		return httpjson.Invalid("the neighbours of all samples are found for up to %d samples, and this run has %d: ask for those of one, at projections/{projection}/neighbors", MaxPairwise, info.Samples)
	}
	q := r.URL.Query()
	layer, metric := q.Get("layer"), q.Get("metric")
	if layer == "" && len(info.Layers) > 0 {
		layer = info.Layers[0]
	}
	if metric == "" {
		metric = "euclidean"
	}
	seq := h.seqOf(r, info.ID, epoch)
	key := neighborhoodsKey{run: info.ID, layer: layer, metric: metric, epoch: epoch, seq: seq, k: k}
	find := func(ctx context.Context) (*projector.Neighborhoods, error) {
		return projector.FindNeighborhoods(ctx, h.store, info.ID, layer, epoch, metric, k)
	}
	if id := q.Get("projection"); id != "" {
		p, err := projector.Open(r.Context(), h.store, id)
		if err != nil {
			return err
		}
		i := p.Info()
		if err := checkRevision(i, q.Get("revision")); err != nil {
			return err
		}
		key.layer, key.metric, key.projection, key.revision = i.Layer, i.Options.Metric, i.ID, i.Revision
		find = func(ctx context.Context) (*projector.Neighborhoods, error) {
			n, err := p.Neighborhoods(ctx, info.ID, epoch, k)
			return n, h.supersededBy(ctx, i.ID, err)
		}
	}
	found, err := h.near.get(r.Context(), key, func(ctx context.Context) (*projector.Neighborhoods, error) {
		done, err := h.takePairs(ctx, info, key.layer, epoch, k)
		if err != nil {
			return nil, err
		}
		defer done()
		return find(ctx)
	})
	if err != nil {
		return err
	}
	row, err := h.rowOf(r, info)
	if err != nil {
		return err
	}
	out := make([]byte, 4*len(row)*found.K)
	for i := range out {
		out[i] = 0xff
	}
	for i, id := range found.Samples {
		at := row[id] * found.K
		for j, near := range found.Near[i*found.K : (i+1)*found.K] {
			binary.LittleEndian.PutUint32(out[4*(at+j):], uint32(row[found.Samples[near]]))
		}
	}
	w.Header().Set("Neighbors", strconv.Itoa(found.K))
	if asked := q.Get("seq"); asked != "" && asked == strconv.Itoa(seq) {
		httpbody.CacheForever(w) // a rewritten epoch has another seq
	}
	return sendBytes(w, r, out)
}

// takePairs takes what looking at all pairs of an epoch's samples for k neighbours each takes: all processors, the vectors as they
// are and as the metric has them, and the neighbours with their distances, twice.
func (h *Handler) takePairs(ctx context.Context, info tracker.RunInfo, layer string, epoch, k int) (done func(), err error) {
	f, err := h.frame(ctx, info, layer, epoch)
	if err != nil {
		return nil, err
	}
	bytes := int64(f.Rows) * (8*int64(f.Dim) + 16*int64(k))
	return h.work.take(ctx, h.work.everyProcessor(bytes), "ask for the neighbours of one sample, at projections/{projection}/neighbors")
}

// getTrust answers with how far each sample's neighbourhood on the map can be trusted at an epoch: little-endian
// float32 in the order of the run's samples, NaN where there is no telling.
func (h *Handler) getTrust(w http.ResponseWriter, r *http.Request) error {
	p, err := h.projection(r)
	if err != nil {
		return err
	}
	info, err := h.store.Run(r.Context(), r.URL.Query().Get("run"))
	if err != nil {
		return err
	}
	if info.Samples > MaxPairwise {
		return httpjson.Invalid("the trust of all points is measured for up to %d samples, and this run has %d", MaxPairwise, info.Samples)
	}
	epoch, err := wholeNumber("epoch", r.PathValue("epoch"), math.MinInt32, math.MaxInt32)
	if err != nil {
		return err
	}
	if err := checkRevision(p.Info(), r.PathValue("revision")); err != nil {
		return err
	}
	done, err := h.takePairs(r.Context(), info, p.Info().Layer, epoch, projector.Defaults().NNeighbors)
	if err != nil {
		return err
	}
	defer done()
	samples, trust, err := p.PointTrust(r.Context(), info.ID, epoch)
	if err != nil {
		return h.supersededBy(r.Context(), p.Info().ID, err)
	}
	row, err := h.rowOf(r, info)
	if err != nil {
		return err
	}
	values := filled(len(row), float32(math.NaN()))
	for i, v := range trust {
		values[row[samples[i]]] = float32(v)
	}
	out := make([]byte, 0, 4*len(values))
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	httpbody.CacheForever(w)
	return sendBytes(w, r, out)
}

// rowOf returns each sample's place among the run's samples.
func (h *Handler) rowOf(r *http.Request, info tracker.RunInfo) (map[string]int, error) {
	samples, err := h.samples(r.Context(), info)
	if err != nil {
		return nil, err
	}
	return rowsOf(samples), nil
}

func rowsOf(samples []tracker.Sample) map[string]int {
	row := make(map[string]int, len(samples))
	for i, s := range samples {
		row[s.ID] = i
	}
	return row
}

func sendBytes(w http.ResponseWriter, r *http.Request, b []byte) error {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	if r.Method != http.MethodHead {
		w.Write(b)
	}
	return nil
}
