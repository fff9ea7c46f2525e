package ingest

import (
	"math"
	"net/http"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// What a request is refused for, apart from the store's own limits and those of [Options]. Each has its message, and all
// are announced: see [Handler.limits].
const (
	maxText = tracker.MaxText // bytes of a sample's id, a label, a prediction, a layer's or a metric's name

	maxJSON        = 32 << 20 // bytes of a JSON body
	maxReading     = 8 * maxJSON
	maxSamples     = 100_000                 // per request
	maxSteps       = 10_000                  // of metrics per request
	maxMetadata    = 64 << 10                // bytes of a sample's metadata as JSON
	maxCause       = 64 << 10                // bytes of the cause of a failure
	maxThumbnail   = 1 << 20                 // bytes
	maxKey         = 150                     // bytes; the store adds what kind of write it is of
	maxParts       = 10_000                  // of a frame
	maxEpoch       = min(1<<31, math.MaxInt) // exclusive
	maxStep        = min(1<<53, math.MaxInt) // exclusive, as JSON's numbers
	maxLayers      = 1_000                   // of an epoch
	maxFrameHeader = 16 << 20                // bytes of a raw frame's header: the ids of a part
)

// The limits of a server: what is beyond one of them is refused, and never will be accepted. Bytes of text are those of
// its UTF-8.
type limits struct {
	// Of a request.
	JSONBytes        int64 `json:"json_bytes"`  // of a JSON body
	Samples          int   `json:"samples"`     // of POST samples
	Steps            int   `json:"steps"`       // of POST metrics
	FrameBytes       int64 `json:"frame_bytes"` // of a part of a frame, as float32
	FrameHeaderBytes int   `json:"frame_header_bytes"`
	Parts            int   `json:"parts"`   // of a frame, numbered from 0
	Columns          int   `json:"columns"` // of a frame
	Layers           int   `json:"layers"`  // of an epoch
	KeyBytes         int   `json:"key_bytes"`
	MemoryBytes      int64 `json:"memory_bytes"` // of frames that wait for their epochs, all runs together

	// Of a value.
	NameBytes       int   `json:"name_bytes"` // of an experiment, a run's name, a tag, code and host
	Tags            int   `json:"tags"`       // of a run
	NotesBytes      int   `json:"notes_bytes"`
	ParamsBytes     int   `json:"params_bytes"` // of a run, as JSON
	IDBytes         int   `json:"id_bytes"`     // of a sample
	LabelBytes      int   `json:"label_bytes"`
	PredictionBytes int   `json:"prediction_bytes"`
	MetadataBytes   int   `json:"metadata_bytes"`   // of a sample, as JSON
	ThumbnailBytes  int   `json:"thumbnail_bytes"`  // of a sample, as PNG
	ThumbnailPixels int   `json:"thumbnail_pixels"` // width times height
	LayerBytes      int   `json:"layer_bytes"`      // of its name
	MetricBytes     int   `json:"metric_bytes"`     // of its name
	CauseBytes      int   `json:"cause_bytes"`
	Epoch           int64 `json:"epoch"` // the largest
	Step            int64 `json:"step"`  // the largest
}

func (h *Handler) limits() limits {
	return limits{
		JSONBytes: maxJSON, Samples: maxSamples, Steps: maxSteps,
		FrameBytes: h.o.MaxFrame, FrameHeaderBytes: maxFrameHeader, Parts: maxParts, Columns: tracker.MaxDim, Layers: maxLayers, KeyBytes: maxKey, MemoryBytes: h.o.MaxMemory,
		NameBytes: tracker.MaxName, Tags: tracker.MaxTags, NotesBytes: tracker.MaxNotes, ParamsBytes: tracker.MaxParams,
		IDBytes: tracker.MaxText, LabelBytes: maxText, PredictionBytes: maxText, MetadataBytes: maxMetadata, ThumbnailBytes: maxThumbnail, ThumbnailPixels: tracker.MaxPixels,
		LayerBytes: tracker.MaxText, MetricBytes: tracker.MaxText, CauseBytes: maxCause, Epoch: maxEpoch - 1, Step: maxStep - 1,
	}
}

// getLimits is GET limits. Who starts or resumes a run is told too, so that a token that may only log is enough.
func (h *Handler) getLimits(w http.ResponseWriter, r *http.Request) {
	httpjson.Write(w, r, http.StatusOK, h.limits())
}
