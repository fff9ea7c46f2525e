package ingest

import (
	"encoding/json"
	"net/http"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A sampleRequest is one of POST samples.
type sampleRequest struct {
	ID        string          `json:"id"`
	Label     *string         `json:"label"`
	Metadata  json.RawMessage `json:"metadata"`
	Thumbnail []byte          `json:"thumbnail"` // PNG, in base64
}

func (h *Handler) postSamples(c *call) (int, any, error) {
	var q struct {
		Samples list[sampleRequest, sampleLimit] `json:"samples"`
	}
	if err := c.decode(&q); err != nil {
		return 0, nil, err
	}
	if len(q.Samples.items) == 0 {
		return 0, nil, invalid(`"samples" is empty: send at least one`)
	}
	samples := make([]tracker.Sample, len(q.Samples.items))
	for i, s := range q.Samples.items {
		var err error
		if samples[i], err = s.sample(); err != nil {
			return 0, nil, err
		}
	}
	var v struct {
		Added   int `json:"added"`
		Samples int `json:"samples"`
	}
	err := h.write(c.ctx(), c.run(), func(run *tracker.Run) error {
		receipt, err := run.Write(c.ctx(), tracker.Batch{Samples: samples, Key: c.storeKey("samples")})
		v.Added, v.Samples = receipt.Added, receipt.Samples
		return err
	})
	return http.StatusOK, v, err
}

func (q sampleRequest) sample() (s tracker.Sample, err error) {
	s = tracker.Sample{ID: q.ID, Thumbnail: q.Thumbnail}
	if q.Label != nil {
		s.Label = *q.Label
	}
	if err := checkText("sample id", s.ID); err != nil {
		return s, err
	}
	if err := checkText("label", s.Label); err != nil {
		return s, err
	}
	if len(s.Thumbnail) > maxThumbnail {
		return s, invalid("sample %q: the thumbnail has %d bytes, at most %d are allowed", s.ID, len(s.Thumbnail), maxThumbnail)
	}
	if len(q.Metadata) > maxMetadata {
		return s, invalid("sample %q: the metadata has %d bytes, at most %d are allowed", s.ID, len(q.Metadata), maxMetadata)
	}
	if len(q.Metadata) > 0 {
		if err := decodeStrictly(q.Metadata, &s.Metadata, "metadata"); err != nil {
			return s, invalid("sample %q: %v", s.ID, err)
		}
	}
	return s, nil
}
