package api

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// silence is how long the heartbeats of a running run may be missing before the page says so. Its writer sends one every
// few seconds.
const silence = 20 * time.Second

type runJSON struct {
	ID         string         `json:"id"`
	Experiment string         `json:"experiment"`
	Name       string         `json:"name"`
	State      tracker.State  `json:"state"`
	Quiet      bool           `json:"quiet"`           // running, without a heartbeat for a while
	Cause      string         `json:"cause,omitempty"` // why it failed
	Started    time.Time      `json:"started"`
	Seen       time.Time      `json:"seen"` // the last heartbeat of its writer
	Ended      *time.Time     `json:"ended"`
	Params     map[string]any `json:"params"`
	Tags       []string       `json:"tags"`
	Notes      string         `json:"notes"`
	Code       string         `json:"code"` // version of the program that logs
	Host       string         `json:"host"` // the machine it runs on
	Epochs     int            `json:"epochs"`
	LastEpoch  *int           `json:"last_epoch"` // null without epochs
	LastStep   int            `json:"last_step"`
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
		Seen:       i.Seen,
		Params:     i.Params,
		Tags:       orEmpty(i.Tags),
		Notes:      i.Notes,
		Code:       i.Code,
		Host:       i.Host,
		LastStep:   i.LastStep,
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
	// The cursor is read first: a write in between is reported again by an event, which does no harm.
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

// run returns the run that the path names. Unlike elsewhere, an empty name is an error.
func (h *Handler) run(r *http.Request) (tracker.RunInfo, error) {
	name := r.PathValue("run")
	if name == "" {
		return tracker.RunInfo{}, httpjson.Invalid("the run has no name")
	}
	return h.store.Run(r.Context(), name)
}

// An Epoch is an epoch of a run in the API.
type Epoch struct {
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
	epochs := make([]Epoch, len(list))
	for i, e := range list {
		epochs[i] = Epoch(e)
	}
	return sendJSON(w, r, map[string]any{"run": info.ID, "epochs": epochs})
}

// seriesJSON are the values of one metric, by step.
type seriesJSON struct {
	Name  string  `json:"name"`
	Step  []int   `json:"step"`
	Epoch []int   `json:"epoch"`
	Value []exact `json:"value"`
}

// metricsJSON are a run's metrics, one column set per name.
type metricsJSON struct {
	Run    string        `json:"run"`
	Seq    int64         `json:"seq"` // the cursor up to which these are complete, for since
	Series []*seriesJSON `json:"series"`
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
	return sendJSON(w, r, toMetricsJSON(info.ID, int64(since), list))
}

// maxCompared is how many runs' metrics may be asked for at once.
const maxCompared = 100

// getComparison answers with the metrics of several runs.
func (h *Handler) getComparison(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if n := len(q["run"]); n == 0 || n > maxCompared {
		return httpjson.Invalid("metrics of %d runs are asked for: name 1 to %d, as ?run=A&run=B", n, maxCompared)
	}
	runs := []metricsJSON{}
	for _, name := range q["run"] {
		if name == "" {
			return httpjson.Invalid("the run has no name")
		}
		info, err := h.store.Run(r.Context(), name)
		if err != nil {
			return err
		}
		list, err := h.store.Metrics(r.Context(), info.ID, q["name"]...)
		if err != nil {
			return err
		}
		runs = append(runs, toMetricsJSON(info.ID, 0, list))
	}
	return sendJSON(w, r, map[string]any{"runs": runs})
}

func toMetricsJSON(run string, since int64, list []tracker.Metric) metricsJSON {
	j := metricsJSON{Run: run, Seq: since, Series: []*seriesJSON{}}
	byName := map[string]*seriesJSON{}
	for _, m := range list {
		s := byName[m.Name]
		if s == nil {
			s = &seriesJSON{Name: m.Name}
			byName[m.Name] = s
			j.Series = append(j.Series, s)
		}
		s.Step = append(s.Step, m.Step)
		s.Epoch = append(s.Epoch, m.Epoch)
		s.Value = append(s.Value, exact(m.Value))
		j.Seq = max(j.Seq, m.Seq)
	}
	return j
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

// exact is a float64 whose JSON may also be "NaN", "Infinity" or "-Infinity", for which JSON has no numerals.
type exact float64

// MarshalJSON implements json.Marshaler.
func (n exact) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) {
		return []byte(`"NaN"`), nil
	}
	return appendNumber(nil, float64(n)), nil
}

// appendNumber appends a float64 in JSON, where NaN is null and the infinities are words.
func appendNumber(b []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, "null"...)
	case math.IsInf(v, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}
