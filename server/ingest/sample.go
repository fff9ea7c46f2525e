package ingest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A sampleRequest is one of POST samples. Its values are read one by one, so that what is wrong with one says which.
type sampleRequest struct {
	ID        json.RawMessage `json:"id"`
	Label     json.RawMessage `json:"label"`
	Metadata  json.RawMessage `json:"metadata"`
	Thumbnail json.RawMessage `json:"thumbnail"` // PNG, in base64
}

func (h *Handler) postSamples(c *call) (int, any, error) {
	var q struct {
		Samples list[sampleRequest, sampleLimit] `json:"samples"`
	}
	if err := c.decodeParts(&q); err != nil {
		return 0, nil, err
	}
	if len(q.Samples.items) == 0 {
		return 0, nil, httpjson.Invalid(`"samples" is empty: send at least one`)
	}
	samples := make([]tracker.Sample, len(q.Samples.items))
	for i, s := range q.Samples.items {
		var err error
		if samples[i], err = s.sample(i); err != nil {
			return 0, nil, err
		}
	}
	if err := c.checkUnicode(); err != nil {
		return 0, nil, err
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

// sample reads the index-th sample of a request.
func (q sampleRequest) sample(index int) (s tracker.Sample, err error) {
	refused := func(field string, err error) error {
		at := httpjson.Place{Field: field, Index: index}
		if field != "id" {
			at.ID = s.ID
		}
		return httpjson.InvalidAt(at, "sample %d%s: %v", index, named(at.ID), err)
	}
	if s.ID, err = readText("sample id", q.ID); err != nil {
		return s, refused("id", err)
	}
	if s.Label, err = readText("label", q.Label); err != nil {
		return s, refused("label", err)
	}
	if len(q.Metadata) > maxMetadata {
		return s, refused("metadata", httpjson.Invalid("the metadata has %d bytes, at most %d are allowed", len(q.Metadata), maxMetadata))
	}
	if len(q.Metadata) > 0 {
		if err := httpjson.Decode(q.Metadata, &s.Metadata, "metadata"); err != nil {
			return s, refused("metadata", err)
		}
		if err := httpjson.CheckUnicode(q.Metadata, "metadata: "); err != nil {
			return s, refused("metadata", err)
		}
	}
	if len(q.Thumbnail) > 0 {
		if err := json.Unmarshal(q.Thumbnail, &s.Thumbnail); err != nil {
			return s, refused("thumbnail", httpjson.Invalid("the thumbnail is not text in base64: %v", err))
		}
	}
	if len(s.Thumbnail) > maxThumbnail {
		return s, refused("thumbnail", httpjson.Invalid("the thumbnail has %d bytes, at most %d are allowed", len(s.Thumbnail), maxThumbnail))
	}
	return s, nil
}

// named is how messages name a sample besides its place.
func named(id string) string {
	if id == "" {
		return ""
	}
	return fmt.Sprintf(" (%q)", id)
}
