package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// TestBadRequests: each gets its status, and a message in JSON that says what is wrong.
func TestBadRequests(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	run := servertest.NewTraining(20, "a", "b").Log(t, store, "r", 2)
	servertest.NewTraining(4, "a").Log(t, store, "other", 1)
	if _, err := store.Start(t.Context(), servertest.StartConfig("twin", "r")); err != nil {
		t.Fatal(err)
	}
	id := servertest.Project(t, store, run.ID(), 2).Info().ID
	base := "projections/" + id
	for _, c := range []struct {
		path   string
		status int
		says   string
	}{
		{"nothing", 404, "nothing at"},
		{"runs/unknown", 404, "unknown"},
		{"runs/r", 400, "r"}, // two experiments have one
		{"runs/unknown/epochs", 404, "unknown"},
		{"runs/unknown/metrics", 404, "unknown"},
		{"runs/unknown/samples", 404, "unknown"},
		{"runs/unknown/provisional", 404, "unknown"},
		{"runs/other/metrics?since=yes", 400, `since = "yes"`},
		{"runs/other/metrics?since=-1", 400, "since"},
		{"runs/other/epochs/x/outputs", 400, `epoch = "x"`},
		{"runs/other/epochs/7/outputs", 404, "7"},
		{"runs/other/epochs/1/outputs?seq=1.5", 400, "seq"},
		{"runs/other/samples/zzz/thumbnail", 404, "zzz"},
		{"runs/other/sprite/nonsense/0.png", 410, "nonsense"},
		{"runs/other/provisional?layer=fc9", 404, `layer "fc9"`},
		{"projections?run=unknown", 404, "unknown"},
		{"projections/unknown", 404, "unknown"},
		{"projections/unknown/layout", 404, "unknown"},
		{base + "/layout?run=other", 404, "not on projection"},
		{base + "/layout?run=unknown", 404, "unknown"},
		{base + "/revisions/1/positions?epochs=1,x", 400, `epochs = "x"`},
		{base + "/revisions/1/positions?epochs=9", 400, "epoch 9"},
		{base + "/revisions/1/positions?epochs=1,1,1", 400, "3 are asked for"},
		{base + "/revisions/1/positions?format=f64", 400, `format = "f64"`},
		{base + "/points?epoch=9", 404, "9"},
		{base + "/points?epoch=x", 400, "epoch"},
		{base + "/points?epoch=1&sample=zzz", 404, "zzz"},
		{base + "/trajectory?epoch=1", 400, "all epochs"},
		{base + "/neighbors", 400, "epoch and a sample"},
		{base + "/neighbors?epoch=1&sample=zzz", 404, "zzz"},
		{base + "/neighbors?epoch=1&sample=s1&k=0", 400, `k = "0"`},
		{base + "/neighbors?epoch=5&sample=s1", 404, "5"},
		{"events?after=x", 400, `after = "x"`},
		{"events?after=-3", 400, "after"},
	} {
		t.Run(c.path, func(t *testing.T) {
			w := servertest.Get(t, h, root+c.path)
			var answer struct{ Error string }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Error == "" {
				t.Fatalf("answer %d %q is no error in JSON: %v", w.Code, w.Body, err)
			}
			if w.Code != c.status || !strings.Contains(answer.Error, c.says) {
				t.Errorf("got %d %q, want %d with %q", w.Code, answer.Error, c.status, c.says)
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control = %q, want no-store", got)
			}
		})
	}
}

func TestClosedStore(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	store.Close()
	if w := servertest.Get(t, h, root+"runs"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s, want 503", w.Code, w.Body)
	}
}

func TestNotModified(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	run := servertest.NewTraining(6, "a").Log(t, store, "r", 1)
	first := servertest.Get(t, h, root+"runs/r/epochs")
	tag := first.Header().Get("ETag")
	if first.Header().Get("Cache-Control") != "no-cache" || tag == "" {
		t.Fatalf("headers = %v", first.Header())
	}
	for _, sent := range []string{tag, "W/" + tag, `"x", ` + tag} {
		if w := servertest.Get(t, h, root+"runs/r/epochs", "If-None-Match", sent); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
			t.Errorf("If-None-Match %s = %d, %d bytes", sent, w.Code, w.Body.Len())
		}
	}
	servertest.LogEpoch(t, run, servertest.NewTraining(6, "a").Epoch(2))
	if w := servertest.Get(t, h, root+"runs/r/epochs", "If-None-Match", tag); w.Code != http.StatusOK {
		t.Errorf("after a new epoch = %d", w.Code)
	}
	// An epoch's outputs may be kept under the seq that they were asked for with, and only then.
	epochs := decode[struct{ Epochs []struct{ Seq int } }](t, h, root+"runs/r/epochs").Epochs
	for seq, want := range map[int]string{epochs[0].Seq: "immutable", epochs[0].Seq + 1000: "no-cache"} {
		if got := servertest.Get(t, h, fmt.Sprintf("%sruns/r/epochs/1/outputs?seq=%d", root, seq)).Header().Get("Cache-Control"); !strings.Contains(got, want) {
			t.Errorf("outputs with seq %d: Cache-Control = %q, want %s", seq, got, want)
		}
	}
}
