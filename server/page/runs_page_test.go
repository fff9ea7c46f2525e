package page_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestHome: all runs with what became of them, searchable, comparable, and each opens.
func TestHome(t *testing.T) {
	store := servertest.NewStore(t)
	first := servertest.NewTraining(40, "a", "b").Log(t, store, "first", 3)
	if err := first.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	servertest.Project(t, store, first.ID(), 2)
	other, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "digits", Name: "wide", Params: map[string]any{"lr": 0.01, "width": 256}})
	if err != nil {
		t.Fatal(err)
	}
	tr := servertest.NewTraining(20, "a")
	if err := other.AddSamples(t.Context(), tr.Samples(t)); err != nil {
		t.Fatal(err)
	}
	servertest.LogEpoch(t, other, tr.Epoch(1))
	if err := other.Fail(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	tb := openTab(t, newServer(t, store, api.Options{}), "?runs", 1160, 800)
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

// TestNotesAndTags: what people say of a run is in the list of runs and beside its map, and finds it; a run of which nothing
// is said has no place for it.
func TestNotesAndTags(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(30, "a", "b")
	plain := tr.Log(t, store, "plain", 2)
	short := tr.Log(t, store, "short", 2)
	long := tr.Log(t, store, "long", 2)
	edit := func(run *tracker.Run, notes string, tags ...string) {
		t.Helper()
		if err := store.Edit(t.Context(), run.ID(), tracker.RunEdit{Notes: &notes, AddTags: tags}); err != nil {
			t.Fatal(err)
		}
	}
	edit(short, "The learning rate was too high.\n", "best", "not yet")
	edit(long, strings.Repeat("It goes on and on. ", 5000)+"The end.", "bestest")
	tb := openTab(t, newServer(t, store, api.Options{}), "?runs", 1160, 800)
	row := func(run *tracker.Run) string { return fmt.Sprintf(`#home-list [data-run="%s"]`, run.ID()) }
	names := func() []string {
		t.Helper()
		return eval[[]string](tb, `[...document.querySelectorAll("#home-list .name")].map((e) => e.textContent)`)
	}
	if got := eval[int](tb, `document.querySelectorAll(%s).length`, quote(row(plain)+" :is(.tags, .said)")); got != 0 {
		t.Error("there is a place for what nobody said")
	}
	if got := tb.text(row(short)+" .tags") + ", " + tb.text(row(short)+" .notes"); got != "bestnot yet, The learning rate was too high." {
		t.Errorf("it says %q", got)
	}
	tb.wait("long notes are folded", fmt.Sprintf(`document.getElementById("home-%s-notes").checkVisibility()`, long.ID()), time.Second)
	if tb.visible("#home-" + short.ID() + "-notes") {
		t.Error("short notes can be unfolded")
	}
	if got := eval[int](tb, `document.querySelector(%s).clientHeight`, quote(row(long)+" .notes")); got > 70 {
		t.Errorf("folded notes are %d pixels high", got)
	}
	tb.click(tb.middle("#home-" + long.ID() + "-notes"))
	if got := tb.text(row(long) + " .notes"); !strings.HasSuffix(got, "The end.") {
		t.Errorf("unfolded notes end with %q", got[max(0, len(got)-40):])
	}
	edit(plain, "", "late") // while somebody looks
	tb.wait("a new tag is there", fmt.Sprintf(`document.querySelector(%s)?.textContent === "late"`, quote(row(plain)+" .tags")), 5*time.Second)
	if got := tb.text("#home-" + long.ID() + "-notes"); got != "Less" {
		t.Errorf("the notes that were unfolded offer %q", got)
	}
	for _, search := range []struct {
		query string
		found []string
	}{
		{"tag:best", []string{"long", "short"}},
		{`tag:"best"`, []string{"short"}},
		{`tag:"not yet"`, []string{"short"}},
		{"learning high", []string{"short"}},
		{"tag:learning", nil},
		{"late", []string{"plain"}},
	} {
		eval[chromedp.Void](tb, `(() => { const s = document.getElementById("home-search"); s.value = %s; s.dispatchEvent(new Event("input")) })()`, quote(search.query))
		if got := names(); !slices.Equal(got, search.found) {
			t.Errorf("%s finds %v, want %v", search.query, got, search.found)
		}
	}
	// A tag adds itself to the search, by keyboard too, and takes itself back.
	eval[chromedp.Void](tb, `(() => { const s = document.getElementById("home-search"); s.value = "short"; s.dispatchEvent(new Event("input")) })()`)
	tb.do(chromedp.Do(tb.ctx, chromedp.Focus(chromedp.CSS(row(short)+" .tag"))))
	tb.press(kb.Enter)
	tb.wait("the tag is in the search", `document.getElementById("home-search").value === 'short tag:"best"' && document.activeElement.matches(".tag[aria-pressed=true]")`, time.Second)
	tb.press(kb.Enter)
	tb.wait("it is taken back", `document.getElementById("home-search").value === "short" && location.search === "?runs=short"`, time.Second)
	eval[chromedp.Void](tb, `(() => { window.left = true; location.reload() })()`)
	tb.wait("the search outlives a reload", `!window.left && !document.documentElement.classList.contains("opening") && document.getElementById("home-search")?.value === "short" && document.querySelectorAll("#home-list .name").length === 1`, 5*time.Second)

	// News that come while the mouse is down do not take the click away.
	name := tb.middle(row(short) + " .name")
	left := func(p *input.DispatchMouseEventParams) { p.Button = input.MouseButtonLeft }
	tb.mouse(input.DispatchMouseEventTypeMousePressed, name, left, chromedp.ClickCount(1))
	edit(short, "The learning rate was too high.\n", "new")
	tb.wait("the news are there", fmt.Sprintf(`zoetrope.model.runs.find((r) => r.id === %q).tags.includes("new")`, short.ID()), 5*time.Second)
	tb.mouse(input.DispatchMouseEventTypeMouseReleased, name, left, chromedp.ClickCount(1))
	tb.wait("the run is opened", `document.getElementById("home").hidden`, time.Second)
	tb.ready()
	if got := tb.text("#about-panel .tags") + ", " + tb.text("#about-panel .notes"); got != "bestnewnot yet, The learning rate was too high." {
		t.Errorf("beside the map it says %q", got)
	}
	if wide := eval[int](tb, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
		t.Errorf("the page is %d pixels too wide", wide)
	}
	tb.click(tb.middle("#about-panel .tag:nth-child(3)"))
	tb.wait("the tag leads to its runs", `location.search === "?runs=tag:%22not+yet%22" && document.getElementById("home-search").value === 'tag:"not yet"'`, 2*time.Second)
	if got := names(); !slices.Equal(got, []string{"short"}) {
		t.Errorf("it leads to %v", got)
	}
	edit(short, "")
	if err := store.Edit(t.Context(), short.ID(), tracker.RunEdit{Tags: []string{}}); err != nil {
		t.Fatal(err)
	}
	tb.wait("without the tag it is not found", `document.querySelectorAll("#home-list .name").length === 0`, 5*time.Second)
	eval[chromedp.Void](tb, `history.back()`)
	tb.wait("nothing is said beside the map", `document.getElementById("home").hidden && document.getElementById("about-panel").hidden`, 5*time.Second)
}
