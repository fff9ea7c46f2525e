package viewer

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"sync"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// getOutputs answers with what the network said of each of a run's samples at an epoch.
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
	out, err := h.store.AllOutputs(r.Context(), info.ID, epoch)
	if err != nil {
		return err
	}
	if seq > 0 && seq == h.seqOf(r, info.ID, epoch) {
		keep(w) // an epoch that is written again has another seq
	}
	b, err := outputsBody(info.ID, epoch, out)
	if err != nil {
		return err
	}
	return b.send(w, r)
}

// outputsBody writes the answer by hand, which for a million samples takes a tenth of what package json does: an object with
//
//	run, epoch
//	classes     []string  predictions that occur
//	prediction  []int     of each sample, places in classes, -1 for none; null when nothing was logged
//	loss        []number  likewise
//	confidence  []number
func outputsBody(run string, epoch int, out tracker.Outputs) (*body, error) {
	classes := []string{}
	names := map[string]int{"": -1}
	numbers := make([]int, len(out.Predictions))
	for i, p := range out.Predictions {
		n, known := names[p]
		if !known {
			n = len(classes)
			names[p] = n
			classes = append(classes, p)
		}
		numbers[i] = n
	}
	head, err := json.Marshal(struct {
		Run     string   `json:"run"`
		Epoch   int      `json:"epoch"`
		Classes []string `json:"classes"`
	}{run, epoch, classes})
	if err != nil {
		return nil, err
	}
	var confidence []byte
	var other sync.WaitGroup
	other.Go(func() { confidence = appendColumn(nil, out.Confidences, appendNumber) })
	b := append(head[:len(head)-1], `,"prediction":`...)
	b = appendColumn(b, numbers, func(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) })
	b = append(b, `,"loss":`...)
	b = appendColumn(b, out.Losses, appendNumber)
	other.Wait()
	b = append(b, `,"confidence":`...)
	b = append(b, confidence...)
	return newBody("application/json", append(b, "}\n"...)), nil
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
