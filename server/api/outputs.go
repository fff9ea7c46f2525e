package api

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"sync"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpbody"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// getOutputs answers with the network's outputs for each of a run's samples at an epoch.
func (h *Handler) getOutputs(w http.ResponseWriter, r *http.Request) error {
	info, err := h.run(r)
	if err != nil {
		return err
	}
	epoch, err := wholeNumber("epoch", r.PathValue("epoch"), math.MinInt32, math.MaxInt32)
	if err != nil {
		return err
	}
	seq, err := intParam(r, "seq", 0, 0, math.MaxInt)
	if err != nil {
		return err
	}
	compact, err := compactForm(r)
	if err != nil {
		return err
	}
	out, err := h.store.AllOutputs(r.Context(), info.ID, epoch)
	if err != nil {
		return err
	}
	if seq > 0 && seq == h.seqOf(r, info.ID, epoch) {
		httpbody.CacheForever(w) // a rewritten epoch has another seq
	}
	list := outputsOf(info.ID, epoch, out)
	if compact {
		return sendJSON(w, r, list.pack())
	}
	b, err := list.body()
	if err != nil {
		return err
	}
	return b.Send(w, r)
}

// outputs are the network's outputs for each sample. A column that was not logged is empty.
type outputs struct {
	Run        string    `json:"run"`
	Epoch      int       `json:"epoch"`
	Classes    []string  `json:"classes"` // the distinct predictions
	prediction []int     // indexes of Classes, -1 for none
	loss       []float64 // NaN for none
	confidence []float64 // NaN for none
}

func outputsOf(run string, epoch int, out tracker.Outputs) *outputs {
	o := &outputs{Run: run, Epoch: epoch, Classes: []string{}, loss: out.Losses, confidence: out.Confidences}
	names := map[string]int{"": -1}
	o.prediction = make([]int, len(out.Predictions))
	for i, p := range out.Predictions {
		n, known := names[p]
		if !known {
			n = len(o.Classes)
			names[p] = n
			o.Classes = append(o.Classes, p)
		}
		o.prediction[i] = n
	}
	return o
}

// packedOutputs are outputs whose columns are bytes, base64 in JSON: a third of the size, and decoded at once.
type packedOutputs struct {
	*outputs
	Width      int    `json:"width"`      // bytes of a prediction
	Prediction []byte `json:"prediction"` // little-endian signed integers; null when nothing was logged
	Loss       []byte `json:"loss"`       // little-endian float32, NaN for none; likewise
	Confidence []byte `json:"confidence"`
}

func (o *outputs) pack() packedOutputs {
	p := packedOutputs{outputs: o, Loss: packFloats(o.loss), Confidence: packFloats(o.confidence)}
	if p.Prediction, p.Width = packNumbers(o.prediction, len(o.Classes)); len(p.Prediction) == 0 {
		p.Prediction = nil
	}
	return p
}

// packFloats returns nil for no list.
func packFloats(list []float64) []byte {
	if len(list) == 0 {
		return nil
	}
	packed := make([]byte, 0, 4*len(list))
	for _, v := range list {
		packed = binary.LittleEndian.AppendUint32(packed, math.Float32bits(float32(v)))
	}
	return packed
}

// body writes the answer by hand, which for a million samples takes a tenth of encoding/json's time: the public fields and
//
//	prediction  []int     of each sample, indexes of classes, -1 for none; null when nothing was logged
//	loss        []number  likewise
//	confidence  []number
func (o *outputs) body() (*httpbody.Body, error) {
	head, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	var confidence []byte
	var other sync.WaitGroup
	other.Go(func() { confidence = appendColumn(nil, o.confidence, appendNumber) })
	b := append(head[:len(head)-1], `,"prediction":`...)
	b = appendColumn(b, o.prediction, func(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) })
	b = append(b, `,"loss":`...)
	b = appendColumn(b, o.loss, appendNumber)
	other.Wait()
	b = append(b, `,"confidence":`...)
	b = append(b, confidence...)
	return httpbody.New("application/json", append(b, "}\n"...)), nil
}

// appendColumn appends a list in JSON; null where there is none.
func appendColumn[T any](b []byte, values []T, add func([]byte, T) []byte) []byte {
	if len(values) == 0 {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = add(b, v)
	}
	return append(b, ']')
}
