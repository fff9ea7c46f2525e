package viewer_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/viewer"
)

// TestHome: all runs with what became of them, searchable, comparable, and each opens.
func TestHome(t *testing.T) {
	store := newStore(t)
	first := newTraining(40, "a", "b").log(t, store, "first", 3)
	if err := first.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	project(t, store, first.ID(), 2)
	other, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "digits", Name: "wide", Params: map[string]any{"lr": 0.01, "width": 256}})
	if err != nil {
		t.Fatal(err)
	}
	tr := newTraining(20, "a")
	if err := other.AddSamples(t.Context(), tr.samples(t)); err != nil {
		t.Fatal(err)
	}
	logEpoch(t, other, tr.epoch(1))
	if err := other.Fail(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	tb := openTab(t, newServer(t, store, viewer.Options{}), "?runs", 1160, 800)
	names := func() []string {
		t.Helper()
		return eval[[]string](tb, `[...document.querySelectorAll("#home-list .name")].map((e) => e.textContent)`)
	}
	if got := names(); !slices.Equal(got, []string{"wide", "first"}) {
		t.Errorf("runs %v", got)
	}
	if got := tb.text("#home-list li:first-child .state") + ", " + tb.text("#home-list section:nth-child(2) .state"); got != "Failed, Finished" {
		t.Errorf("states %q", got)
	}
	if got := tb.text("#home-list .params"); got != "lr 0.01width 256" {
		t.Errorf("parameters %q", got)
	}
	tb.wait("the losses are there", `document.querySelectorAll("#home-list .spark").length === 2`, 3*time.Second)
	if got := tb.text("#home-list section:nth-child(2) .loss"); got != "loss 0.5000" {
		t.Errorf("loss %q", got)
	}
	tb.wait("the maps are there", `[...document.querySelectorAll(".miniature")].every((c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v > 100))`, 3*time.Second)

	tb.do(chromedp.Do(tb.ctx, chromedp.Focus(chromedp.CSS("#home-search"))))
	tb.press("lr:0.01 fail")
	tb.wait("the search finds one", `document.getElementById("home-count").textContent === "1 run of 2"`, time.Second)
	if got := names(); !slices.Equal(got, []string{"wide"}) {
		t.Errorf("found %v", got)
	}
	eval[chromedp.Void](tb, `(() => { const s = document.getElementById("home-search"); s.value = ""; s.dispatchEvent(new Event("input")) })()`)
	tb.click(tb.middle("#home-list section:nth-child(1) input"))
	tb.click(tb.middle("#home-list section:nth-child(2) input"))
	tb.wait("they are compared", `document.querySelectorAll("#home-charts .chart").length === 2`, 3*time.Second)
	if got := tb.text("#home-params tbody"); got != "lr0.010.001width256–" {
		t.Errorf("parameters that differ: %q", got)
	}
	if got := tb.text("#home-charts .chart:nth-child(2)"); !strings.Contains(got, "wide") || !strings.Contains(got, "first") {
		t.Errorf("the chart has %q", got)
	}
	tb.click(tb.middle("#home-list section:nth-child(2) .name"))
	tb.ready()
	if got := tb.query(); got != "?run="+first.ID() || !tb.visible("#map") || tb.visible("#home-list") {
		t.Errorf("the address is %s", got)
	}
	tb.press(kb.ArrowLeft)
	tb.rest()
	eval[chromedp.Void](tb, `history.back()`)
	tb.wait("Back goes back to the runs", `location.search === "?runs" && !document.getElementById("home").hidden`, 2*time.Second)
	tb.click(tb.middle("#home-list section:nth-child(2) .name"))
	tb.wait("it opens again", `document.getElementById("home").hidden`, time.Second)
	tb.ready()
	tb.click(tb.middle("#home-link"))
	tb.wait("the brand leads to the runs", `location.search === "?runs" && !document.getElementById("home").hidden`, time.Second)
}
