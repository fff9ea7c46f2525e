package api

import (
	"encoding/binary"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A cloud holds the coordinates of one run's samples on a map: a matrix per epoch.
type cloud struct {
	dims, rows int
	epochs     []int       // ascending
	places     [][]float32 // per epoch rows×dims, row-major; NaN for a sample that the epoch does not have
}

// A box is the range that quantised positions divide: a square or a cube, so that all directions have one scale.
type box struct {
	Origin []float64 `json:"origin"` // the corner that 0 stands for
	Size   float64   `json:"size"`   // the side
	Min    []float64 `json:"min"`    // the corner of the part to show: for a finished map, the points' own minimum
	Max    []float64 `json:"max"`
}

const (
	missing = math.MaxUint16     // for a missing coordinate
	steps   = math.MaxUint16 - 1 // the highest coordinate
	margin  = 0.02               // of the side, kept free on each side
)

// A Layout describes a run on a map.
type Layout struct {
	Projection  string `json:"projection"` // empty for a provisional map
	Provisional bool   `json:"provisional"`
	Revision    string `json:"revision"`
	Run         string `json:"run"`
	Layer       string `json:"layer"`
	Dims        int    `json:"dims"`
	Rows        int    `json:"rows"`
	Epochs      []int  `json:"epochs"`
	box
	Positions string `json:"positions"` // address of the positions, below /api/v1/
}

// arrange returns the rows in the order of the run's samples. They are nearly always in that order, so few are looked up
// by id.
func (c *cloud) arrange(pl projector.Coordinates, samples []tracker.Sample) []float32 {
	out := filled(c.rows*c.dims, float32(math.NaN()))
	var row map[string]int
	at := 0
	for i, id := range pl.Samples {
		if at == len(samples) || samples[at].ID != id {
			if row == nil {
				row = rowsOf(samples)
			}
			var ok bool
			if at, ok = row[id]; !ok || at >= c.rows {
				at = len(samples) // added since
				continue
			}
		}
		copy(out[at*c.dims:(at+1)*c.dims], pl.Coordinates[i*c.dims:])
		at++
	}
	return out
}

// bounds returns the cloud's extremes, per dimension, and false if it has no point.
func (c *cloud) bounds() (low, high []float64, ok bool) {
	low, high = filled(c.dims, math.Inf(1)), filled(c.dims, math.Inf(-1))
	for _, places := range c.places {
		for i, v := range places {
			if v == v { // not NaN
				low[i%c.dims], high[i%c.dims] = min(low[i%c.dims], float64(v)), max(high[i%c.dims], float64(v))
			}
		}
	}
	return low, high, high[0] >= low[0]
}

// enclose returns the box around these extremes.
func enclose(low, high []float64) box {
	side := 0.0
	for d := range low {
		side = max(side, high[d]-low[d])
	}
	if side == 0 {
		side = 1 // all points in one place
	}
	b := box{Origin: make([]float64, len(low)), Size: side * (1 + 2*margin), Min: low, Max: high}
	for d := range low {
		b.Origin[d] = (low[d]+high[d])/2 - b.Size/2
	}
	return b
}

// holds reports whether the extremes lie in the box.
func (b box) holds(low, high []float64) bool {
	for d := range low {
		if low[d] < b.Origin[d] || high[d] > b.Origin[d]+b.Size {
			return false
		}
	}
	return true
}

// appendQuanta appends coordinates as quantised positions.
func (b box) appendQuanta(out []byte, places []float32) []byte {
	dims := len(b.Origin)
	for i := 0; i < len(places); i += dims {
		for d := range dims {
			q := uint16(missing)
			if v := float64(places[i+d]); v == v {
				q = uint16(math.Round(min(1, max(0, (v-b.Origin[d])/b.Size)) * steps))
			}
			out = binary.LittleEndian.AppendUint16(out, q)
		}
	}
	return out
}

// askedEpochs reads the query's epochs and returns their indexes in list, which is ascending. No epochs means all.
func askedEpochs(r *http.Request, list []int) ([]int, error) {
	text := r.URL.Query().Get("epochs")
	if text == "" {
		all := make([]int, len(list))
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	parts := strings.Split(text, ",")
	if len(parts) > len(list) {
		return nil, httpjson.Invalid("epochs: %d are asked for, and the map has %d", len(parts), len(list))
	}
	var at []int
	for _, part := range parts {
		n, err := wholeNumber("epochs", part, math.MinInt32, math.MaxInt32)
		if err != nil {
			return nil, err
		}
		i, ok := slices.BinarySearch(list, n)
		if !ok {
			return nil, httpjson.Invalid("epochs: epoch %d is not on this map", n)
		}
		at = append(at, i)
	}
	return at, nil
}

// sendPlaces answers with the positions of epochs, quantised or as float32. With every=N in the query, only each N-th row is sent.
func sendPlaces(w http.ResponseWriter, r *http.Request, b box, places [][]float32) error {
	every, err := intParam(r, "every", 1, 1, math.MaxInt32)
	if err != nil {
		return err
	}
	var out []byte
	format := r.URL.Query().Get("format")
	for _, p := range places {
		if every > 1 {
			p = thin(p, len(b.Origin), every)
		}
		switch format {
		case "", "u16":
			out = b.appendQuanta(slices.Grow(out, 2*len(p)), p)
		case "f32":
			for _, v := range p {
				out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
			}
		default:
			return httpjson.Invalid("format = %q, want u16 or f32", format)
		}
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	if r.Method != http.MethodHead {
		w.Write(out)
	}
	return nil
}

// thin returns each row whose index is a multiple of every.
func thin(places []float32, dims, every int) []float32 {
	var out []float32
	for i := 0; i < len(places); i += dims * every {
		out = append(out, places[i:i+dims]...)
	}
	return out
}
