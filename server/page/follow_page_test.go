package page_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestLive follows a training: each epoch is on the slider and the charts within a second of its Log, a user who looks
// at an earlier epoch is left alone, and the projection takes over where the provisional map was.
func TestLive(t *testing.T) {
	store := servertest.NewStore(t)
	server := newServer(t, store, api.Options{})
	tb := openMoving(t, server, "", 960, 640)
	tb.wait("it says that there is no run", `document.getElementById("empty-title").textContent === "No runs yet"`, time.Second)
	tr := servertest.NewTraining(60, "0", "1", "2")
	run := tr.Log(t, store, "live", 0)
	tb.wait("the first run shows up by itself", `document.getElementById("run-name").textContent === "live"`, time.Second)
	tb.wait("it waits for the first epoch", `document.getElementById("empty-title").textContent.startsWith("Waiting")`, time.Second)
	for e := 1; e <= 3; e++ {
		servertest.LogEpoch(t, run, tr.Epoch(e))
		tb.wait("the epoch is on the slider", fmt.Sprintf(`document.getElementById("slider").getAttribute("aria-valuemax") === "%d"`, e), time.Second)
		tb.wait("the epoch is on the charts", fmt.Sprintf(`document.querySelector(".chart b").textContent === "%s"`, []string{"1.000", "0.6667", "0.5000"}[e-1]), time.Second)
		tb.wait("the epoch is on the map", fmt.Sprintf(`zoetrope.model.map?.frames.length === %d && zoetrope.model.map.frames.every(Boolean)`, e), time.Second)
		tb.rest()
		if got := tb.epoch(); got != fmt.Sprint(e) {
			t.Errorf("who looks at the newest epoch goes on to %d, not %s", e, got)
		}
	}
	if !tb.visible("#provisional") {
		t.Error("the provisional map is not marked")
	}
	if got := tb.text("#run-state-text"); got != "Training" {
		t.Errorf("state = %q", got)
	}

	// The user looks closely at epoch 2.
	tb.press(kb.ArrowLeft)
	tb.press("+")
	tb.rest()
	camera := eval[string](tb, `JSON.stringify(zoetrope.stage.camera)`)
	servertest.LogEpoch(t, run, tr.Epoch(4))
	tb.wait("epoch 4 is on the slider", `document.getElementById("slider").getAttribute("aria-valuemax") === "4"`, time.Second)
	if err := run.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := servertest.Project(t, store, run.ID(), 2)
	tb.wait("the projection takes over", fmt.Sprintf(`zoetrope.model.map?.layout.projection === %q`, p.Info().ID), time.Second)
	tb.rest()
	if got := tb.epoch(); got != "2" {
		t.Errorf("the user was at epoch 2, and is at %s", got)
	}
	if now := eval[string](tb, `JSON.stringify(zoetrope.stage.camera)`); now != camera {
		t.Errorf("the camera went from %s to %s", camera, now)
	}
	if tb.visible("#provisional") || tb.text("#map-title") != "UMAP" || tb.text("#run-state-text") != "Finished" {
		t.Errorf("the map is %q, the run %q", tb.text("#map-title"), tb.text("#run-state-text"))
	}

	// The training goes on, and the map grows with it.
	run, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "mnist", Name: "live", Resume: tracker.Must})
	if err != nil {
		t.Fatal(err)
	}
	servertest.LogEpoch(t, run, tr.Epoch(5))
	tb.wait("epoch 5 is on the slider", `document.getElementById("slider").getAttribute("aria-valuemax") === "5"`, time.Second)
	if _, err := p.Extend(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	tb.wait("the map has the epoch", `zoetrope.model.map.layout.revision === "2" && zoetrope.model.map.frames.length === 5 && zoetrope.model.map.frames.every(Boolean)`, time.Second)
	tb.rest()
	if now := eval[string](tb, `JSON.stringify(zoetrope.stage.camera)`); now != camera || tb.epoch() != "2" {
		t.Errorf("the camera went from %s to %s, the epoch to %s", camera, now, tb.epoch())
	}
}

// TestReconnect: a server that was away comes back, and the page catches up.
func TestReconnect(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(30, "a", "b")
	run := tr.Log(t, store, "r", 2)
	s := newRestarted(t, store, api.Options{})
	tb := openTab(t, s.server, "", 960, 640)
	tb.expected = append(tb.expected, away...)
	tb.ready()
	s.stop()
	tb.wait("the page says that the server is gone", `!document.getElementById("trouble").hidden`, 3*time.Second)
	servertest.LogEpoch(t, run, tr.Epoch(3))
	s.start()
	tb.wait("the page has caught up", `document.getElementById("trouble").hidden && zoetrope.model.numbers.length === 3`, 8*time.Second)
}
