package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpbody"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// vectorsJSON are a layer's vectors at an epoch.
type vectorsJSON struct {
	Run     string    `json:"run"`
	Layer   string    `json:"layer"`
	Epoch   int       `json:"epoch"`
	Dim     int       `json:"dim"`
	IDs     []string  `json:"ids"` // the sample of each vector
	vectors []float32 // rows×dim; as JSON "vectors", a list for each row
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
	format, err := oneOf(r, "format", []string{"json", "npy"})
	if err != nil {
		return err
	}
	done, err := h.takeVectors(r.Context(), info, q.Get("layer"), epoch, format)
	if err != nil {
		return err
	}
	defer done()
	f, err := h.store.Frame(r.Context(), info.ID, q.Get("layer"), epoch)
	if err != nil {
		return err
	}
	if format == "npy" {
		return h.sendFrame(w, r, info, f)
	}
	j := vectorsJSON{Run: info.ID, Layer: f.Layer, Epoch: epoch, Dim: f.Dim, IDs: f.IDs, vectors: f.Vectors}
	b, err := j.body()
	if err != nil {
		return err
	}
	return b.Send(w, r)
}

// takeVectors takes what an answer with vectors takes: the numbers, as the store has them and as they are sent, whose text has
// about 11 bytes in JSON and as much again while it grows.
func (h *Handler) takeVectors(ctx context.Context, info tracker.RunInfo, layer string, epoch int, format string) (done func(), err error) {
	f, err := h.frame(ctx, info, layer, epoch)
	if errors.Is(err, tracker.ErrNotFound) {
		return func() {}, nil // of which the store tells more
	}
	if err != nil {
		return nil, err
	}
	each, instead := int64(4+4+24), "ask for ?format=npy"
	if format == "npy" {
		each, instead = 4+4+4, "read the store with 'zoetrope export', or package tracker"
	}
	return h.work.take(ctx, load{each * int64(max(f.Rows, info.Samples)) * int64(f.Dim), 1}, instead)
}

// frame describes a layer at an epoch; an empty one is the only one.
func (h *Handler) frame(ctx context.Context, info tracker.RunInfo, layer string, epoch int) (tracker.FrameInfo, error) {
	list, err := h.store.Frames(ctx, info.ID)
	if err != nil {
		return tracker.FrameInfo{}, err
	}
	i := slices.IndexFunc(list, func(f tracker.FrameInfo) bool { return f.Epoch == epoch && (layer == "" || f.Layer == layer) })
	if i < 0 {
		return tracker.FrameInfo{}, fmt.Errorf("run %s/%s has no vectors of layer %q at epoch %d: %w", info.Experiment, info.Name, layer, epoch, tracker.ErrNotFound)
	}
	return list[i], nil
}

// body writes the answer by hand, which takes a third of the memory that package json does.
func (j vectorsJSON) body() (*httpbody.Body, error) {
	head, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(head)+12*len(j.vectors)+64)
	b = append(append(b, head[:len(head)-1]...), `,"vectors":[`...)
	for i, v := range j.vectors {
		switch {
		case i == 0:
			b = append(b, '[')
		case i%j.Dim == 0:
			b = append(b, "],["...)
		default:
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, float64(v), 'g', -1, 32) // vectors are finite
	}
	if len(j.vectors) > 0 {
		b = append(b, ']')
	}
	return httpbody.New("application/json", append(b, "]}\n"...)), nil
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
