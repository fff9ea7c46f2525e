package ingest

import (
	"net/http"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A stepRequest is one of POST metrics.
type stepRequest struct {
	Step   *int              `json:"step"`
	Values map[string]number `json:"values"`
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
			return 0, nil, invalid(`element %d of "metrics" has no step`, i)
		}
		if *m.Step < 0 || *m.Step >= maxStep {
			return 0, nil, invalid("step = %d, want a whole number from 0 to %d", *m.Step, int64(maxStep-1))
		}
		values, err := metricsOf(m.Values)
		if err != nil {
			return 0, nil, err
		}
		batch.Metrics = append(batch.Metrics, tracker.StepMetrics{Step: *m.Step, Values: values})
	}
	err := h.write(c.ctx(), c.run(), func(run *tracker.Run) error {
		_, err := run.Write(c.ctx(), batch)
		return err
	})
	return http.StatusOK, struct{}{}, err
}

func metricsOf(values map[string]number) (tracker.Metrics, error) {
	m := make(tracker.Metrics, len(values))
	for name, v := range values {
		if err := checkText("metric", name); err != nil {
			return nil, err
		}
		m[name] = float64(v)
	}
	return m, nil
}
