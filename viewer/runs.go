package viewer

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// silence is how long a run that is training may give no sign of life before the page says so. Its writer gives one
// every few seconds.
const silence = 20 * time.Second

type runJSON struct {
	ID         string         `json:"id"`
	Experiment string         `json:"experiment"`
	Name       string         `json:"name"`
	State      tracker.State  `json:"state"`
	Quiet      bool           `json:"quiet"`           // running, and silent for a while
	Cause      string         `json:"cause,omitempty"` // why it failed
	Started    time.Time      `json:"started"`
	Ended      *time.Time     `json:"ended"`
	Params     map[string]any `json:"params"`
	Epochs     int            `json:"epochs"`
	LastEpoch  *int           `json:"last_epoch"` // null without epochs
	Samples    int            `json:"samples"`
	Layers     []string       `json:"layers"`
}

func toRunJSON(i tracker.RunInfo, now time.Time) runJSON {
	j := runJSON{
		ID:         i.ID,
		Experiment: i.Experiment,
		Name:       i.Name,
		State:      i.State,
		Quiet:      i.State == tracker.Running && now.Sub(i.Seen) > silence,
		Cause:      i.Cause,
		Started:    i.Started,
		Params:     i.Params,
		Epochs:     i.Epochs,
		Samples:    i.Samples,
		Layers:     i.Layers,
	}
	if !i.Ended.IsZero() {
		j.Ended = &i.Ended
	}
	if i.Epochs > 0 {
		j.LastEpoch = &i.LastEpoch
	}
	if j.Params == nil {
		j.Params = map[string]any{}
	}
	if j.Layers == nil {
		j.Layers = []string{}
	}
	return j
}

func (h *Handler) getRuns(w http.ResponseWriter, r *http.Request) error {
	// The cursor is read first: what is written in between is told again by an event, which does no harm.
	cursor, err := h.feed.cursor(r.Context())
	if err != nil {
		return err
	}
	list, err := h.store.Runs(r.Context())
	if err != nil {
		return err
	}
	runs := make([]runJSON, len(list))
	for i, info := range list {
		runs[i] = toRunJSON(info, time.Now())
	}
	return sendJSON(w, r, map[string]any{"runs": runs, "cursor": strconv.FormatInt(cursor, 10)})
}

func (h *Handler) getRun(w http.ResponseWriter, r *http.Request) error {
	info, err := h.run(r)
	if err != nil {
		return err
	}
	return sendJSON(w, r, toRunJSON(info, time.Now()))
}

// run is the run that the path names. Unlike elsewhere, no name is no run.
func (h *Handler) run(r *http.Request) (tracker.RunInfo, error) {
	name := r.PathValue("run")
	if name == "" {
		return tracker.RunInfo{}, bad("the run has no name")
	}
	return h.store.Run(r.Context(), name)
}

type epochJSON struct {
	Number int       `json:"number"`
	Step   int       `json:"step"`
	Time   time.Time `json:"time"`
	Seq    int64     `json:"seq"`
}

func (h *Handler) getEpochs(w http.ResponseWriter, r *http.Request) error {
	info, err := h.run(r)
	if err != nil {
		return err
	}
	list, err := h.store.Epochs(r.Context(), info.ID)
	if err != nil {
		return err
	}
	epochs := make([]epochJSON, len(list))
	for i, e := range list {
		epochs[i] = epochJSON(e)
	}
	return sendJSON(w, r, map[string]any{"run": info.ID, "epochs": epochs})
}

// seriesJSON are the values of one metric, by step.
type seriesJSON struct {
	Name  string   `json:"name"`
	Step  []int    `json:"step"`
	Epoch []int    `json:"epoch"`
	Value []number `json:"value"`
}

func (h *Handler) getMetrics(w http.ResponseWriter, r *http.Request) error {
	info, err := h.run(r)
	if err != nil {
		return err
	}
	since, err := intParam(r, "since", 0, 0, math.MaxInt)
	if err != nil {
		return err
	}
	list, err := h.store.MetricsSince(r.Context(), info.ID, int64(since))
	if err != nil {
		return err
	}
	seq := int64(since)
	series := []*seriesJSON{}
	byName := map[string]*seriesJSON{}
	for _, m := range list {
		s := byName[m.Name]
		if s == nil {
			s = &seriesJSON{Name: m.Name}
			byName[m.Name] = s
			series = append(series, s)
		}
		s.Step = append(s.Step, m.Step)
		s.Epoch = append(s.Epoch, m.Epoch)
		s.Value = append(s.Value, number(m.Value))
		seq = max(seq, m.Seq)
	}
	return sendJSON(w, r, map[string]any{"run": info.ID, "seq": seq, "series": series})
}

type outputsJSON struct {
	Run        string   `json:"run"`
	Epoch      int      `json:"epoch"`
	Classes    []string `json:"classes"`
	Prediction []int    `json:"prediction"` // places in classes, -1 for none; null when nothing was logged
	Loss       []number `json:"loss"`
	Confidence []number `json:"confidence"`
}

func (h *Handler) getOutputs(w http.ResponseWriter, r *http.Request) error {
	info, err := h.run(r)
	if err != nil {
		return err
	}
	epoch, err := wholeNumber("epoch", r.PathValue("epoch"), math.MinInt32, math.MaxInt32)
	if err != nil {
		return err
	}
	seq, err := intParam(r, "seq", 0, 0, math.MaxInt)
	if err != nil {
		return err
	}
	out, err := h.store.Outputs(r.Context(), info.ID, epoch)
	if err != nil {
		return err
	}
	samples, err := h.store.Samples(r.Context(), info.ID)
	if err != nil {
		return err
	}
	row := make(map[string]int, len(samples))
	for i, s := range samples {
		row[s.ID] = i
	}
	j := outputsJSON{Run: info.ID, Epoch: epoch, Classes: []string{}}
	if out.Predictions != nil {
		names := map[string]int{}
		j.Prediction = filled(len(samples), -1)
		for i, p := range out.Predictions {
			if p == "" {
				continue
			}
			if _, ok := names[p]; !ok {
				names[p] = len(j.Classes)
				j.Classes = append(j.Classes, p)
			}
			j.Prediction[row[out.IDs[i]]] = names[p]
		}
	}
	spread := func(values []float64) []number {
		if values == nil {
			return nil
		}
		all := filled(len(samples), number(math.NaN()))
		for i, v := range values {
			all[row[out.IDs[i]]] = number(v)
		}
		return all
	}
	j.Loss, j.Confidence = spread(out.Losses), spread(out.Confidences)
	if seq > 0 && seq == h.seqOf(r, info.ID, epoch) {
		keep(w) // an epoch that is written again has another seq
	}
	return sendJSON(w, r, j)
}

// seqOf returns the seq of an epoch, or 0.
func (h *Handler) seqOf(r *http.Request, run string, epoch int) int {
	epochs, err := h.store.Epochs(r.Context(), run)
	if err != nil {
		return 0
	}
	for _, e := range epochs {
		if e.Number == epoch {
			return int(e.Seq)
		}
	}
	return 0
}

func filled[T any](n int, v T) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = v
	}
	return s
}

// number is a float64 that may be none: in JSON, NaN is null and the infinities are words.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	v := float64(n)
	switch {
	case math.IsNaN(v):
		return []byte("null"), nil
	case math.IsInf(v, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(v, -1):
		return []byte(`"-Infinity"`), nil
	}
	return strconv.AppendFloat(nil, v, 'g', -1, 64), nil
}
