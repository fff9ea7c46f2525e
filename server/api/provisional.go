package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpbody"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A provisionalMap is the provisional map of a run, kept while epochs come in: points that are placed do not move, and the
// box only changes when points leave it, which makes a new revision.
type provisionalMap struct {
	store      *tracker.Store
	run, layer string

	mu       sync.Mutex
	plane    *projector.Provisional
	cloud    cloud
	seqs     map[int]int64 // of the epochs that are placed
	box      box
	revision string
}

type provisionalKey struct{ run, layer string }

// growth is the factor by which the box of a running training is enlarged: activations grow, and the map with them.
const growth = 1.6

// provisional returns the provisional map of the path's run, up to date. It fails with tracker.ErrNotFound until the run
// has an epoch with vectors.
func (h *Handler) provisional(r *http.Request) (*provisionalMap, tracker.RunInfo, error) {
	info, err := h.run(r)
	if err != nil {
		return nil, info, err
	}
	layer := r.URL.Query().Get("layer")
	if layer == "" && len(info.Layers) > 0 {
		layer = info.Layers[0]
	}
	if !slices.Contains(info.Layers, layer) {
		return nil, info, fmt.Errorf("run %s/%s has no layer %q: %w", info.Experiment, info.Name, layer, tracker.ErrNotFound)
	}
	s, err := h.provisionals.get(r.Context(), provisionalKey{info.ID, layer}, func(context.Context) (*provisionalMap, error) {
		return &provisionalMap{store: h.store, run: info.ID, layer: layer}, nil
	})
	return s, info, err
}

// update places the epochs that are new or were replaced. s.mu is held.
func (s *provisionalMap) update(ctx context.Context, info tracker.RunInfo) error {
	frames, err := s.store.Frames(ctx, s.run)
	if err != nil {
		return err
	}
	frames = slices.DeleteFunc(frames, func(f tracker.FrameInfo) bool { return f.Layer != s.layer })
	if s.stale(frames, info) {
		s.plane, err = projector.OpenProvisional(ctx, s.store, s.run, s.layer)
		if err != nil {
			return err
		}
		s.cloud = cloud{dims: 2, rows: info.Samples}
		s.seqs = map[int]int64{}
		s.box = box{}
		s.revision = rand.Text()[:12]
	}
	var samples []tracker.Sample
	for _, f := range frames {
		if _, ok := s.seqs[f.Epoch]; ok {
			continue
		}
		if samples == nil {
			if samples, err = s.store.Samples(ctx, s.run); err != nil {
				return err
			}
		}
		placed, err := s.plane.Coordinates(ctx, f.Epoch)
		if err != nil {
			return err
		}
		at, _ := slices.BinarySearch(s.cloud.epochs, f.Epoch)
		s.cloud.epochs = slices.Insert(s.cloud.epochs, at, f.Epoch)
		s.cloud.places = slices.Insert(s.cloud.places, at, s.cloud.arrange(placed, samples))
		s.seqs[f.Epoch] = f.Seq
	}
	low, high, ok := s.cloud.bounds()
	if !ok {
		return fmt.Errorf("layer %q of run %s has no vectors yet: %w", s.layer, info.Name, tracker.ErrNotFound)
	}
	if s.box.Size == 0 || !s.box.holds(low, high) {
		if info.State == tracker.Running {
			low, high = widen(low, high, growth)
		}
		s.box = enclose(low, high)
		s.revision = rand.Text()[:12]
	}
	return nil
}

// stale reports whether the map has to be made again: there is none yet, or an epoch on it was replaced or removed, or the
// run has more samples.
func (s *provisionalMap) stale(frames []tracker.FrameInfo, info tracker.RunInfo) bool {
	if s.plane == nil || s.cloud.rows != info.Samples {
		return true
	}
	now := make(map[int]int64, len(frames))
	for _, f := range frames {
		now[f.Epoch] = f.Seq
	}
	for epoch, seq := range s.seqs {
		if now[epoch] != seq {
			return true
		}
	}
	return false
}

// widen moves the extremes away from their middle.
func widen(low, high []float64, factor float64) (l, h []float64) {
	for d := range low {
		middle, half := (low[d]+high[d])/2, (high[d]-low[d])/2*factor
		l, h = append(l, middle-half), append(h, middle+half)
	}
	return l, h
}

func (h *Handler) getProvisional(w http.ResponseWriter, r *http.Request) error {
	s, info, err := h.provisional(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.update(r.Context(), info); err != nil {
		return err
	}
	return sendJSON(w, r, Layout{
		Provisional: true,
		Revision:    s.revision,
		Run:         s.run,
		Layer:       s.layer,
		Dims:        s.cloud.dims,
		Rows:        s.cloud.rows,
		Epochs:      s.cloud.epochs,
		box:         s.box,
		Positions:   fmt.Sprintf("runs/%s/provisional/%s/positions?layer=%s", url.PathEscape(s.run), s.revision, url.QueryEscape(s.layer)),
	})
}

func (h *Handler) getProvisionalPositions(w http.ResponseWriter, r *http.Request) error {
	s, info, err := h.provisional(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.update(r.Context(), info); err != nil {
		return err
	}
	if r.PathValue("revision") != s.revision {
		return &superseded{s.revision}
	}
	at, err := askedEpochs(r, s.cloud.epochs)
	if err != nil {
		return err
	}
	places := make([][]float32, len(at))
	for i, k := range at {
		places[i] = s.cloud.places[k]
	}
	httpbody.CacheForever(w) // a revision never changes
	return sendPlaces(w, r, s.box, places)
}
