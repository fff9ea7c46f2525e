package api

import (
	"bytes"
	"math"
	"net/http"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// vectorsJSON are a layer's vectors at an epoch.
type vectorsJSON struct {
	Run     string      `json:"run"`
	Layer   string      `json:"layer"`
	Epoch   int         `json:"epoch"`
	Dim     int         `json:"dim"`
	IDs     []string    `json:"ids"` // the sample of each vector
	Vectors [][]float32 `json:"vectors"`
}

// getVectors answers with the vectors of a layer at an epoch: as JSON, the vectors of its samples; as .npy, one for each
// sample of the run, NaN if it is missing. The layer may be left out where the run has only one, the epoch for the last one.
func (h *Handler) getVectors(w http.ResponseWriter, r *http.Request) error {
	info, err := h.run(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	epoch, err := intParam(r, "epoch", info.LastEpoch, 0, math.MaxInt32)
	if err != nil {
		return err
	}
	f, err := h.store.Frame(r.Context(), info.ID, q.Get("layer"), epoch)
	if err != nil {
		return err
	}
	switch format := q.Get("format"); format {
	case "", "json":
		j := vectorsJSON{Run: info.ID, Layer: f.Layer, Epoch: epoch, Dim: f.Dim, IDs: f.IDs, Vectors: make([][]float32, len(f.IDs))}
		for i := range j.Vectors {
			j.Vectors[i] = f.Vectors[i*f.Dim : (i+1)*f.Dim]
		}
		return sendJSON(w, r, j)
	case "npy":
		return h.sendFrame(w, r, info, f)
	default:
		return httpjson.Invalid("format = %q, want json or npy", format)
	}
}

// sendFrame answers with a frame as a .npy file, a row for each sample of the run.
func (h *Handler) sendFrame(w http.ResponseWriter, r *http.Request, info tracker.RunInfo, f tracker.Frame) error {
	row, err := h.rowOf(r, info)
	if err != nil {
		return err
	}
	values := filled(len(row)*f.Dim, float32(math.NaN()))
	for i, id := range f.IDs {
		copy(values[row[id]*f.Dim:], f.Vectors[i*f.Dim:(i+1)*f.Dim])
	}
	return sendNpy(w, r, values, len(row), f.Dim)
}

// sendNpy answers with an array as a .npy file.
func sendNpy(w http.ResponseWriter, r *http.Request, values []float32, shape ...int) error {
	var b bytes.Buffer
	b.Grow(4*len(values) + 256)
	if err := interchange.Write(&b, values, shape...); err != nil {
		return err
	}
	send(w, r, "application/x-npy", b.Bytes())
	return nil
}
