package ingest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A stepRequest is one of POST metrics.
type stepRequest struct {
	Step   *int           `json:"step"`
	Values metricsRequest `json:"values"`
}

func (h *Handler) postMetrics(c *call) (int, any, error) {
	var q struct {
		Metrics list[stepRequest, stepLimit] `json:"metrics"`
	}
	if err := c.decode(&q); err != nil {
		return 0, nil, err
	}
	batch := tracker.Batch{Key: c.storeKey("metrics")}
	for i, m := range q.Metrics.items {
		if m.Step == nil {
			return 0, nil, httpjson.InvalidAt(httpjson.Place{Field: "step", Index: i}, `element %d of "metrics" has no step`, i)
		}
		if *m.Step < 0 || *m.Step >= maxStep {
			return 0, nil, httpjson.InvalidAt(httpjson.Place{Field: "step", Index: i}, "step = %d, want a whole number from 0 to %d", *m.Step, int64(maxStep-1))
		}
		batch.Metrics = append(batch.Metrics, tracker.StepMetrics{Step: *m.Step, Values: tracker.Metrics(m.Values)})
	}
	err := h.write(c.ctx(), c.run(), func(run *tracker.Run) error {
		_, err := run.Write(c.ctx(), batch)
		return err
	})
	return http.StatusOK, struct{}{}, err
}

// metricsRequest are named numbers. What is wrong with one of them says which.
type metricsRequest map[string]float64

// UnmarshalJSON implements [json.Unmarshaler].
func (m *metricsRequest) UnmarshalJSON(b []byte) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(b, &values); err != nil {
		return err
	}
	*m = make(metricsRequest, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at := httpjson.Place{Field: "metric", Name: name}
		if err := checkText("metric", name); err != nil {
			return httpjson.InvalidAt(at, "%v", err)
		}
		var v number
		if err := v.UnmarshalJSON(values[name]); err != nil {
			return httpjson.InvalidAt(at, "metric %q: %v", name, err)
		}
		(*m)[name] = float64(v)
	}
	return nil
}
