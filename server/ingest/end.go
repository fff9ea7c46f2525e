package ingest

import (
	"errors"
	"net/http"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

func (h *Handler) postFinish(c *call) (int, any, error) {
	return h.end(c, tracker.Finished, func(run *tracker.Run) error { return run.Finish(c.ctx()) })
}

func (h *Handler) postStop(c *call) (int, any, error) {
	return h.end(c, tracker.Stopped, func(run *tracker.Run) error { return run.Stop(c.ctx()) })
}

func (h *Handler) postFail(c *call) (int, any, error) {
	var q struct {
		Cause string `json:"cause"`
	}
	if err := c.decodeOptional(&q); err != nil {
		return 0, nil, err
	}
	if len(q.Cause) > maxCause {
		return 0, nil, httpjson.Invalid("cause has %d bytes, at most %d are allowed", len(q.Cause), maxCause)
	}
	return h.end(c, tracker.Failed, func(run *tracker.Run) error { return run.Fail(c.ctx(), errors.New(q.Cause)) })
}

// end ends the run. A run that has ended so already stays as it is.
func (h *Handler) end(c *call, state tracker.State, end func(*tracker.Run) error) (int, any, error) {
	w, err := h.find(c.ctx(), c.run())
	if err != nil {
		return 0, nil, err
	}
	defer w.by.forget(c.from) // also where somebody else has ended the run already
	info, err := h.store.Run(c.ctx(), w.id)
	if err != nil {
		return 0, nil, err
	}
	if info.State != state {
		err = h.write(c.ctx(), w.id, func(run *tracker.Run) error {
			if err := end(run); err != nil {
				return err
			}
			h.staging.forgetRun(w.id)
			return nil
		})
		if err != nil {
			return 0, nil, err
		}
		w.giveUp()
	}
	v, err := h.runAnswer(c.ctx(), w.id)
	return http.StatusOK, v, err
}

func (h *Handler) postTruncate(c *call) (int, any, error) {
	var q struct {
		After *int `json:"after"`
	}
	if err := c.decode(&q); err != nil {
		return 0, nil, err
	}
	if q.After == nil {
		return 0, nil, httpjson.Invalid(`"after" is missing: the epoch after which all is removed, -1 for all`)
	}
	if *q.After < -1 || *q.After >= maxEpoch {
		return 0, nil, httpjson.Invalid("after = %d, want a whole number from -1 to %d", *q.After, maxEpoch-1)
	}
	var id string
	err := h.write(c.ctx(), c.run(), func(run *tracker.Run) error {
		id = run.ID()
		if err := run.TruncateAfter(c.ctx(), *q.After); err != nil {
			return err
		}
		h.staging.forgetRun(id)
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	v, err := h.runAnswer(c.ctx(), id)
	return http.StatusOK, v, err
}
