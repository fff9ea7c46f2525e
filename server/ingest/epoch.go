package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// An epochRequest is the body of POST epochs/{epoch}.
type epochRequest struct {
	Step    int             `json:"step"`
	Layers  []string        `json:"layers"`
	Outputs *outputsRequest `json:"outputs"`
	Metrics metricsRequest  `json:"metrics"`
}

type outputsRequest struct {
	Predictions json.RawMessage `json:"predictions"`
	Losses      json.RawMessage `json:"losses"`
	Confidences json.RawMessage `json:"confidences"`
	IDs         json.RawMessage `json:"ids"`
}

type epochAnswer struct {
	Epoch     int      `json:"epoch"`
	Seq       int64    `json:"seq"`
	Discarded []string `json:"discarded,omitempty"` // layers that were put for this epoch and not named
}

// postEpoch commits an epoch: whole or not at all, and durable when it answers.
func (h *Handler) postEpoch(c *call) (int, any, error) {
	number, err := whole("epoch", c.r.PathValue("epoch"), maxEpoch)
	if err != nil {
		return 0, nil, err
	}
	var q epochRequest
	if err := c.decodeParts(&q); err != nil {
		return 0, nil, err
	}
	e, err := q.epoch(number)
	if err != nil {
		return 0, nil, h.nameRow(c, err)
	}
	if err := c.checkUnicode(); err != nil {
		return 0, nil, err
	}
	a := epochAnswer{Epoch: number}
	err = h.write(c.ctx(), c.run(), func(run *tracker.Run) error {
		frames, err := h.staging.gather(run.ID(), number, q.Layers)
		if err != nil {
			return err
		}
		join(&e, frames)
		receipt, err := run.Write(c.ctx(), tracker.Batch{Epochs: []tracker.Epoch{e}, Key: c.storeKey("epoch")})
		if err != nil {
			return err
		}
		a.Seq = receipt.Seq
		a.Discarded = h.staging.committed(run.ID(), number, frames)
		return nil
	})
	return http.StatusOK, a, err
}

// nameRow says which sample a refused value of the outputs is of, where the request leaves the samples unnamed.
func (h *Handler) nameRow(c *call, err error) error {
	var r *httpjson.Refusal
	if errors.As(err, &r) && r.At != nil && r.At.ID == "" && slices.Contains([]string{"prediction", "loss", "confidence"}, r.At.Field) {
		if list, err := h.store.Samples(c.ctx(), c.run()); err == nil && r.At.Index < len(list) {
			r.At.ID = list[r.At.Index].ID
			r.Text += fmt.Sprintf("; it is of sample %q", r.At.ID)
		}
	}
	return err
}

func (q *epochRequest) epoch(number int) (e tracker.Epoch, err error) {
	if q.Step < 0 || q.Step >= maxStep {
		return e, httpjson.Invalid("step = %d, want a whole number from 0 to %d", q.Step, int64(maxStep-1))
	}
	if len(q.Layers) > maxLayers {
		return e, httpjson.Invalid("%d layers are named, at most %d are allowed", len(q.Layers), maxLayers)
	}
	e = tracker.Epoch{Number: number, Step: q.Step, Metrics: tracker.Metrics(q.Metrics)}
	if q.Outputs != nil {
		e.Outputs, err = q.Outputs.outputs()
	}
	return e, err
}

func (q *outputsRequest) outputs() (*tracker.Outputs, error) {
	ids, err := column[text](q.IDs, "ids", "id")
	if err != nil {
		return nil, err
	}
	predictions, err := column[text](q.Predictions, "predictions", "prediction")
	if err != nil {
		return nil, err
	}
	for i, p := range predictions {
		if err := checkText("prediction", string(p)); err != nil {
			at := httpjson.Place{Field: "prediction", Index: i}
			if i < len(ids) {
				at.ID = string(ids[i])
			}
			return nil, httpjson.InvalidAt(at, "element %d of \"predictions\"%s: %v", i, named(at.ID), err)
		}
	}
	losses, err := column[optionalNumber](q.Losses, "losses", "loss")
	if err != nil {
		return nil, err
	}
	confidences, err := column[optionalNumber](q.Confidences, "confidences", "confidence")
	return &tracker.Outputs{Predictions: texts(predictions), Losses: floats(losses), Confidences: floats(confidences), IDs: texts(ids)}, err
}

func floats(list []optionalNumber) []float64 {
	if list == nil {
		return nil
	}
	v := make([]float64, len(list))
	for i, x := range list {
		v[i] = float64(x)
	}
	return v
}

// join puts the parts of each frame together.
func join(e *tracker.Epoch, frames []gathered) {
	for _, f := range frames {
		l := tracker.Layer{Name: f.layer, Dim: f.parts[0].dim, Vectors: f.parts[0].vectors, IDs: f.parts[0].ids}
		if len(f.parts) > 1 {
			rows := 0
			for _, p := range f.parts {
				rows += p.rows
			}
			l.Vectors, l.IDs = make([]float32, 0, rows*l.Dim), nil
			for _, p := range f.parts {
				l.Vectors = append(l.Vectors, p.vectors...)
				l.IDs = append(l.IDs, p.ids...)
			}
		}
		e.Layers = append(e.Layers, l)
	}
}
