package page_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// openFile writes a run's page to a file and opens that from the disk, with the network off. rest goes after its name.
func openFile(t *testing.T, store *tracker.Store, o page.HTMLOptions, rest string) *tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "map.html")
	if err := os.WriteFile(path, writeHTML(t, store, o), 0o666); err != nil {
		t.Fatal(err)
	}
	tb := newTab(t, "file://"+filepath.Dir(path), 960, 640, "reduce")
	offline := func(yes bool) {
		all := []*network.Conditions{{Offline: true, DownloadThroughput: -1, UploadThroughput: -1}}
		if !yes {
			all = []*network.Conditions{}
		}
		_, err := chromedp.Call(tb.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: all})
		tb.do(err)
		_, err = chromedp.Call(tb.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1})
		tb.do(err)
	}
	offline(true)
	t.Cleanup(func() { offline(false) })
	tb.open("file://" + path + rest)
	return tb
}

// TestFile: a page that was written to a file does without a server what the server's does.
func TestFile(t *testing.T) {
	_, store, run := shown(t)
	servertest.Project(t, store, run.ID(), 3)
	list, err := projector.List(t.Context(), store, run.ID())
	if err != nil || len(list) != 2 {
		t.Fatalf("%d maps, %v", len(list), err)
	}
	flat := list[1].ID
	tb := openFile(t, store, page.HTMLOptions{Projections: []string{list[0].ID, flat}}, "#projection="+flat)
	tb.ready()
	if got := eval[string](tb, `location.protocol + navigator.onLine`); got != "file:false" {
		t.Fatalf("the page is at %s", got)
	}

	t.Run("slider", func(t *testing.T) {
		before, uploaded := tb.sample(7), tb.uploaded()
		tb.press(kb.Home)
		tb.rest()
		if got := tb.epoch(); got != "1" {
			t.Errorf("Home leads to epoch %s", got)
		}
		if p := tb.sample(7); math.Hypot(p.X-before.X, p.Y-before.Y) < 5 {
			t.Errorf("a sample stays at %v", p)
		}
		if got := tb.uploaded() - uploaded; got != 0 {
			t.Errorf("%d bytes were uploaded", got)
		}
		if got := eval[string](tb, `location.hash`); !strings.Contains(got, "epoch=1") || !strings.Contains(got, run.ID()) {
			t.Errorf("the address ends in %q", got)
		}
		tb.press(kb.End)
		tb.rest()
	})
	t.Run("hover", func(t *testing.T) {
		row := tb.lonely("i > 0")
		tb.move(tb.sample(row))
		tb.wait("the card is there", `!document.getElementById("card").hidden`, time.Second)
		if got := tb.text("#card .details"); !strings.Contains(got, fmt.Sprint("s", row)) {
			t.Errorf("the card says %q", got)
		}
		shade := eval[int](tb, `(() => { const c = document.querySelector("#card canvas"); return c.getContext("2d").getImageData(c.width / 2, c.height / 2, 1, 1).data[0] })()`)
		if shade != 100+row {
			t.Errorf("the picture of sample %d has the shade %d", row, shade)
		}
	})
	t.Run("search, selection, neighbours", func(t *testing.T) {
		tb.press("/")
		tb.wait("the field has the focus", `document.activeElement.id === "search"`, time.Second)
		eval[chromedp.Void](tb, `document.getElementById("search").value = ""`) // a tool's key press is two: one opens, one types
		tb.press("s17")
		tb.press(kb.Enter)
		tb.wait("it is selected", `zoetrope.model.viewstate.selected.length === 1`, time.Second)
		if got := tb.selected(); !slices.Equal(got, []string{"s17"}) {
			t.Errorf("selected: %q", got)
		}
		tb.wait("neighbours are there", `document.querySelectorAll("ol.near .tile").length > 5`, 2*time.Second)
		if got := tb.text("#near-panel"); !strings.Contains(got, "s17") {
			t.Errorf("the neighbours are those of %q", got)
		}
		tb.press(kb.Escape)
	})
	t.Run("measures", func(t *testing.T) {
		tb.press(kb.Home)
		tb.click(tb.middle("#tab-run"))
		tb.wait("the charts are there", `document.querySelectorAll("#charts .u-over").length >= 2 && document.querySelectorAll("#quality-charts .u-over").length >= 1`, 3*time.Second)
		tb.click(tb.middle("#charts .u-over"))
		tb.rest()
		if got := tb.epoch(); got != "3" {
			t.Errorf("a click in the middle of a chart leads to epoch %s", got)
		}
		if !strings.Contains(tb.text("#quality-words"), "rustworth") || !tb.visible("#matrix button") {
			t.Errorf("it says %q of the map", tb.text("#quality-words"))
		}
		for _, column := range []string{"trust", "change", "loss", "prediction", "meta:rank"} {
			eval[chromedp.Void](tb, `zoetrope.model.viewstate.setColour(%s)`, quote(column))
			tb.wait(column+" is known", fmt.Sprintf(`zoetrope.model.facts.values(%s, 2) !== null`, quote(column)), 2*time.Second)
		}
	})
	t.Run("maps", func(t *testing.T) {
		for _, m := range []string{list[0].ID, "provisional"} {
			eval[chromedp.Void](tb, `zoetrope.model.choose(%s)`, quote(m))
			tb.wait("it shows "+m, fmt.Sprintf(`zoetrope.model.shown === %s && zoetrope.model.map.frames.every(Boolean)`, quote(m)), 3*time.Second)
		}
		eval[chromedp.Void](tb, `zoetrope.model.compare(%s)`, quote(flat))
		tb.wait("two maps are beside each other", `zoetrope.model.other?.shot(3) != null`, 3*time.Second)
	})
	t.Run("what needs a server", func(t *testing.T) {
		for _, selector := range []string{"#home-link[href]", "#maps-new:not([hidden])", `#maps-list [data-key^="delete"]`, "#trouble:not([hidden])", "#home:not([hidden])"} {
			if tb.visible(selector) {
				t.Errorf("the page has %s", selector)
			}
		}
		if got := tb.text("#facts"); !strings.Contains(got, "saved "+time.Now().Format("2 January 2006")) {
			t.Errorf("the page says %q", got)
		}
		tb.click(tb.middle("#home-link"))
		if !eval[bool](tb, `document.getElementById("home").hidden`) {
			t.Error("there is a page of runs")
		}
	})
	t.Run("the address holds the view", func(t *testing.T) {
		eval[chromedp.Void](tb, `zoetrope.model.viewstate.select([3, 4], "replace")`)
		tb.rest()
		if got := eval[string](tb, `location.hash`); !strings.Contains(got, "select=") {
			t.Errorf("the address ends in %q", got)
		}
		eval[chromedp.Void](tb, `location.reload()`)
		tb.wait("it is loaded anew", `document.readyState === "complete" && window.zoetrope && zoetrope.model.viewstate.selected.length === 2`, 10*time.Second)
		tb.ready()
		if got := eval[string](tb, `zoetrope.model.shown + " " + zoetrope.model.other.key`); got != "provisional "+flat {
			t.Errorf("it shows %s", got)
		}
	})
}

// TestFileBare: a run without labels, pictures, outputs and metrics, of which the file holds some epochs.
func TestFileBare(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(40, "")
	run, err := store.Start(t.Context(), servertest.StartConfig("", "bare"))
	if err != nil {
		t.Fatal(err)
	}
	var samples []tracker.Sample
	for i := range 40 {
		samples = append(samples, tracker.Sample{ID: fmt.Sprint(i)})
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	for e := 1; e <= 4; e++ {
		epoch := tr.Epoch(e)
		servertest.LogEpoch(t, run, tracker.Epoch{Number: e, Layers: epoch.Layers})
	}
	tb := openFile(t, store, page.HTMLOptions{Epochs: []int{1, 3, 4}}, "")
	tb.ready()
	tb.press(kb.ArrowLeft)
	tb.rest()
	if got := tb.epoch() + tb.text("#map-title"); got != "3PCA" {
		t.Errorf("it shows %s", got)
	}
	tb.move(tb.sample(tb.lonely("true")))
	tb.wait("the card is there", `!document.getElementById("card").hidden`, time.Second)
	eval[chromedp.Void](tb, `zoetrope.model.viewstate.setColour("change")`)
	tb.wait("neighbours are known", `zoetrope.model.facts.values("change", 1) !== null`, 2*time.Second)
	for _, selector := range []string{"#charts-panel", "#matrix-panel", "#trouble"} {
		if tb.visible(selector) {
			t.Errorf("the page has %s", selector)
		}
	}
}

// TestFileOfTraining: a run that was training when its file was made is not said to train whenever that is opened.
func TestFileOfTraining(t *testing.T) {
	store := servertest.NewStore(t)
	run, err := store.Start(t.Context(), servertest.StartConfig("mnist", "cnn"))
	if err != nil {
		t.Fatal(err)
	}
	tr := servertest.NewTraining(30, "a", "b")
	if err := run.AddSamples(t.Context(), tr.Samples(t)); err != nil {
		t.Fatal(err)
	}
	servertest.LogEpoch(t, run, tr.Epoch(1))
	servertest.LogEpoch(t, run, tr.Epoch(2))
	tb := openFile(t, store, page.HTMLOptions{}, "")
	tb.ready()
	made := eval[string](tb, `document.getElementById("archive").dataset.made`)
	if got := tb.text("#run-state"); made == "" || got != "Was training on "+made {
		t.Errorf("made on %s, the file says %q", made, got)
	}
	if tb.visible("#trouble") {
		t.Errorf("it says %q", tb.text("#trouble"))
	}
	if got := tb.text("#facts"); strings.Contains(got, "saved") {
		t.Errorf("it says the day twice: %q", got)
	}
	if eval[bool](tb, `document.getElementById("run-state").classList.contains("running")`) {
		t.Error("it looks as one that trains")
	}
}

// TestFileOld: a browser that cannot unpack the file says so, and what can.
func TestFileOld(t *testing.T) {
	store := servertest.NewStore(t)
	servertest.NewTraining(30, "a", "b").Log(t, store, "cnn", 2)
	path := filepath.Join(t.TempDir(), "map.html")
	if err := os.WriteFile(path, writeHTML(t, store, page.HTMLOptions{}), 0o666); err != nil {
		t.Fatal(err)
	}
	tb := newTab(t, "file://"+filepath.Dir(path), 640, 560, "reduce")
	scripts := func(off bool) {
		_, err := chromedp.Call(tb.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off})
		tb.do(err)
	}
	scripts(true)
	tb.do(chromedp.Do(tb.ctx, chromedp.Navigate("file://"+path)))
	if got := tb.text("#trouble"); !tb.visible("#trouble") || !strings.Contains(got, "If this stays") || !strings.Contains(got, "Firefox 113") {
		t.Errorf("where no script runs, it says %q", got)
	}
	scripts(false)
	tb.script(`delete window.DecompressionStream`)
	for _, rest := range []string{"", "#run=cnn"} {
		tb.do(chromedp.Do(tb.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate("file://"+path+rest)))
		tb.wait("it says so", `document.getElementById("trouble")?.textContent.includes("too old to unpack what this file holds")`, 5*time.Second)
		if !tb.visible("#trouble") || !strings.Contains(tb.text("#trouble"), "Firefox 113") {
			t.Errorf("opened as %q it says %q", rest, tb.text("#trouble"))
		}
		if strings.Contains(tb.text("body"), "No runs yet") {
			t.Error("it says that there are no runs")
		}
	}
}

// TestFileHostile: what users logged stays text in a file, too.
func TestFileHostile(t *testing.T) {
	store := hostile(t)
	list, err := projector.List(t.Context(), store, "")
	if err != nil {
		t.Fatal(err)
	}
	tb := openFile(t, store, page.HTMLOptions{Projections: []string{list[0].ID}}, "")
	tb.ready()
	tb.move(tb.sample(tb.lonely("true")))
	tb.wait("the card is there", `!document.getElementById("card").hidden`, time.Second)
	if got := tb.text("#card .details"); !strings.Contains(got, "<img src=x onerror=") {
		t.Errorf("the id is shown as %q", got)
	}
	if got := tb.text("#about-panel"); strings.Count(got, "<img src=x") != 2 || eval[int](tb, `document.querySelectorAll("#about-panel button.tag").length`) > 0 {
		t.Errorf("a file, in which there are no other runs to look for, says %q", got)
	}
	eval[chromedp.Void](tb, `(() => { zoetrope.model.viewstate.select([0, 1, 2, 3], "replace"); zoetrope.model.viewstate.setFocal(1) })()`)
	tb.wait("neighbours are there", `document.querySelectorAll("ol.near .tile").length > 5`, 2*time.Second)
	if got := eval[int](tb, `document.querySelectorAll("main img, main script, .menu img, #map-bar script, svg[onload], body > img").length`); got != 0 {
		t.Errorf("%d elements were made of what was logged", got)
	}
	if eval[bool](tb, `"pwned" in window`) {
		t.Error("a script of a user ran")
	}
}
