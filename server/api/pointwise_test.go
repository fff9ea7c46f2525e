package api_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

func TestNeighborhoods(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(30, "a", "b").Log(t, store, "cnn", 2)
	h := api.New(store, api.Options{})
	t.Cleanup(func() { h.Close() })
	w := servertest.Get(t, h, "/api/v1/runs/cnn/epochs/2/neighborhoods?k=4")
	if w.Code != http.StatusOK || w.Header().Get("Neighbors") != "4" || w.Body.Len() != 30*4*4 {
		t.Fatalf("%d, %v, %d bytes: %s", w.Code, w.Header(), w.Body.Len(), w.Body)
	}
	want, err := projector.FindNeighborhoods(t.Context(), store, run.ID(), "fc1", 2, "euclidean", 4)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range want.Near {
		if got := binary.LittleEndian.Uint32(w.Body.Bytes()[4*i:]); int32(got) != v {
			t.Fatalf("neighbour %d of row %d is %d, want %d", i%4, i/4, got, v)
		}
	}
	for target, code := range map[string]int{
		"/api/v1/runs/cnn/epochs/9/neighborhoods":              http.StatusNotFound,
		"/api/v1/runs/cnn/epochs/1/neighborhoods?k=0":          http.StatusBadRequest,
		"/api/v1/runs/cnn/epochs/1/neighborhoods?metric=taste": http.StatusBadRequest,
		"/api/v1/runs/cnn/epochs/1/neighborhoods?layer=x":      http.StatusNotFound,
	} {
		if got := servertest.Get(t, h, target).Code; got != code {
			t.Errorf("%s: %d, want %d", target, got, code)
		}
	}
}

func TestTrust(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(30, "a", "b").Log(t, store, "cnn", 2)
	p := servertest.Project(t, store, run.ID(), 2)
	h := api.New(store, api.Options{})
	t.Cleanup(func() { h.Close() })
	w := servertest.Get(t, h, fmt.Sprintf("/api/v1/projections/%s/revisions/1/epochs/2/trust?run=cnn", p.Info().ID))
	if w.Code != http.StatusOK || w.Body.Len() != 30*4 {
		t.Fatalf("%d, %d bytes: %s", w.Code, w.Body.Len(), w.Body)
	}
	_, trust, err := p.PointTrust(t.Context(), "cnn", 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range trust {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(w.Body.Bytes()[4*i:])); got != float32(v) {
			t.Fatalf("trust of row %d is %g, want %g", i, got, v)
		}
	}
}

// TestNeighborhoodsOfMap: where vectors were scaled for a map, the neighbours that its page shows are of the scaled ones.
func TestNeighborhoodsOfMap(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(30, "a", "b").Log(t, store, "cnn", 2)
	o := projector.Defaults()
	o.Scale, o.Metric, o.NNeighbors, o.NEpochs = "standardize", "manhattan", 5, 10
	p, err := projector.Project(t.Context(), store, nil, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := api.New(store, api.Options{})
	t.Cleanup(func() { h.Close() })
	of := func(query string) []byte {
		w := servertest.Get(t, h, "/api/v1/runs/cnn/epochs/2/neighborhoods?k=4"+query)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d, %s", query, w.Code, w.Body)
		}
		return w.Body.Bytes()
	}
	got, raw := of("&projection="+p.Info().ID+"&revision=1"), of("&metric=manhattan")
	want, err := p.Neighborhoods(t.Context(), run.ID(), 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	same := true
	for i, v := range want.Near {
		if g := binary.LittleEndian.Uint32(got[4*i:]); int32(g) != v {
			t.Fatalf("neighbour %d of row %d is %d, want %d", i%4, i/4, g, v)
		}
		same = same && int32(binary.LittleEndian.Uint32(raw[4*i:])) == v
	}
	if same {
		t.Error("the vectors as they were logged have the same neighbours, so nothing is tested")
	}
	for query, code := range map[string]int{"&projection=none&revision=1": http.StatusNotFound, "&revision=7&projection=" + p.Info().ID: http.StatusNoContent} {
		if got := servertest.Get(t, h, "/api/v1/runs/cnn/epochs/2/neighborhoods?k=4"+query).Code; got != code {
			t.Errorf("%s: %d, want %d", query, got, code)
		}
	}
}
