package page_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

const evil = `<img src=x onerror="window.pwned=1"></script><script>window.pwned=1</script>"'&lt;b>`

// hostile returns a store in which all text is an attempt to be more than that.
func hostile(t *testing.T) *tracker.Store {
	t.Helper()
	store := servertest.NewStore(t)
	run, err := store.Start(t.Context(), tracker.RunConfig{Experiment: strings.ReplaceAll(evil, "/", ""), Name: "run " + strings.ReplaceAll(evil, "/", ""),
		Params: map[string]any{evil: evil, "nested": map[string]any{evil: []any{evil}}}, Tags: []string{evil, "__proto__"}, Notes: evil, Code: evil, Host: evil})
	if err != nil {
		t.Fatal(err)
	}
	tr := servertest.NewTraining(40, evil, `</span><svg onload=window.pwned=1>`, "__proto__")
	samples := tr.Samples(t)
	for i := range samples {
		samples[i].ID = evil + fmt.Sprint(i)
		samples[i].Metadata = map[string]any{evil: evil, "__proto__": 1}
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	for e := 1; e <= 2; e++ {
		epoch := tr.Epoch(e)
		epoch.Layers[0].Name = evil
		epoch.Outputs.Predictions[0] = evil
		epoch.Metrics = tracker.Metrics{evil: 1, "loss": 2, evil + "/loss": 3}
		servertest.LogEpoch(t, run, epoch)
	}
	if err := run.Fail(t.Context(), errors.New(evil)); err != nil {
		t.Fatal(err)
	}
	servertest.Project(t, store, run.ID(), 2)
	return store
}

// TestHostile: whatever users log is text on the page, and nothing else.
func TestHostile(t *testing.T) {
	tb := openTab(t, newServer(t, hostile(t), api.Options{}), "", 960, 640)
	tb.ready()
	row := tb.lonely("i >= 0")
	tb.move(tb.sample(row))
	tb.wait("the card is there", `!document.getElementById("card").hidden`, time.Second)
	tb.click(tb.middle("#run"))
	tb.click(tb.middle("#params-panel summary"))
	if got := tb.text("#card .details"); !strings.Contains(got, "<img src=x onerror=") {
		t.Errorf("the id is shown as %q", got)
	}
	tb.press(kb.Escape)
	tb.wait("mistakes are counted", `document.querySelector("#matrix button") !== null`, 2*time.Second)
	eval[chromedp.Void](tb, `zoetrope.model.viewstate.setConditions([{column: "label", epoch: null, values: zoetrope.model.samples.classes}, {column: "prediction", epoch: 2, values: [zoetrope.model.samples.classes[0]]}])`)
	eval[chromedp.Void](tb, `(() => { zoetrope.model.viewstate.setConditions(zoetrope.model.viewstate.conditions.slice(0, 1)); zoetrope.model.viewstate.select([0, 1, 2, 3], "replace"); zoetrope.model.viewstate.setFocal(1) })()`)
	tb.wait("neighbours are there", `document.querySelectorAll("ol.near .tile").length > 5`, 2*time.Second)
	for _, selector := range []string{"#legend", "#params", "#run-name", "#about-panel .tags", "#about-panel .notes", "#charts", "#matrix", "#filters", "#near-panel", "#table"} {
		if got := eval[string](tb, `document.querySelector(%s).outerHTML`, quote(selector)); !strings.Contains(got, "&lt;img src=x onerror=") {
			t.Errorf("%s shows %q", selector, got)
		}
	}
	if got := tb.query(); !strings.Contains(got, "<img") {
		t.Errorf("the address is %s", got)
	}
	address := tb.address()
	tb.do(chromedp.Do(tb.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(address)))
	tb.wait("the page has started", `!!window.zoetrope && zoetrope.model.runs !== null`, 10*time.Second)
	tb.ready()
	if got := tb.text("#filters"); !strings.Contains(got, "<img src=x onerror=") {
		t.Errorf("by its address the filter is %q", got)
	}
	check := func() {
		t.Helper()
		if got := eval[int](tb, `document.querySelectorAll("main img, main script, .menu img, #map-bar script, svg[onload]").length`); got != 0 {
			t.Errorf("%d elements were made of what was logged", got)
		}
		if eval[bool](tb, `"pwned" in window`) {
			t.Error("a script of a user ran")
		}
	}
	check()
	// What is saved says the same, as text: the legend, the heading, the caption, the names on the map.
	eval[chromedp.Void](tb, `zoetrope.model.viewstate.setConditions([])`)
	for _, by := range []string{"label", "prediction", "meta:" + evil} {
		eval[chromedp.Void](tb, `zoetrope.model.viewstate.setColour(%s)`, quote(by))
		tb.wait("its legend is there", `document.querySelector("#legend .name")`, 2*time.Second)
		tb.rest()
		drawing := tb.save("SVG")
		elements, words := drawing.svg(t)
		if text := strings.Join(words, "\n"); strings.Count(text, "<img src=x") < 3 || !strings.Contains(text, "Epoch 2") {
			t.Errorf("by %s, the SVG says %q", by, words)
		}
		for name := range elements {
			if !slices.Contains([]string{"svg", "title", "rect", "g", "circle", "path", "text"}, name) {
				t.Errorf("by %s, the SVG has an element %s", by, name)
			}
		}
		if strings.ContainsAny(strings.TrimSuffix(drawing.name, ".svg"), `<>"'/\:;& =()`) {
			t.Errorf("the file's name is %s", drawing.name)
		}
	}
	if b := tb.save("PNG").png(t).Bounds(); b.Dx() < 400 {
		t.Errorf("the PNG is %v", b)
	}
	check()
	tb.click(tb.middle("#tab-run")) // and the map's name beside another of the run
	check()
	tb.click(tb.middle("#home-link"))
	tb.wait("the runs are there", `document.querySelector("#home-list .name").textContent.includes("<img")`, 2*time.Second)
	check()
	for i, tag := range []string{evil, "__proto__"} { // each tag, in whatever words, finds its run
		tb.click(tb.middle(fmt.Sprintf("#home-list .tag:nth-child(%d)", i+1)))
		tb.wait("it is looked for", fmt.Sprintf(`document.querySelector("#home-list .tag:nth-child(%d)").getAttribute("aria-pressed") === "true"`, i+1), time.Second)
		if got := eval[string](tb, `document.getElementById("home-search").value`); !strings.Contains(got, quoteTag(tag)) {
			t.Errorf("it looks for %q", got)
		}
	}
	check()
}

// quoteTag is how the search has a tag.
func quoteTag(tag string) string {
	return `tag:"` + strings.ReplaceAll(tag, `"`, `\"`) + `"`
}

// TestTexts: where samples are texts, the card says what is written in them, as text and not all of a long one; a column
// of few words is not that.
func TestTexts(t *testing.T) {
	store := servertest.NewStore(t)
	kind{name: "texts", n: 40, epochs: 2, dims: 2, layers: true, metadata: func(i int) map[string]any {
		return map[string]any{"split": []string{"train", "test"}[i%2], "text": fmt.Sprintf("%s number %d, and so on%s", evil, i, strings.Repeat(" and on", 200))}
	}}.log(t, store)
	tb := openTab(t, newServer(t, store, api.Options{}), "", 960, 640)
	tb.ready()
	row := tb.lonely("true")
	tb.move(tb.sample(row))
	tb.wait("the card is there", `!document.getElementById("card").hidden`, time.Second)
	if got, want := tb.text("#card .said"), fmt.Sprintf("%s number %d, and so on and on", evil, row); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\u2026") {
		t.Errorf("the card says %q", got)
	}
	if got := eval[float64](tb, `document.getElementById("card").offsetHeight`); got > 180 {
		t.Errorf("the card is %g pixels high", got)
	}
	tb.click(tb.middle("#tab-samples"))
	tb.wait("so does the table", `document.querySelector("#table tbody .said")?.textContent.includes("number 0, and so on")`, time.Second)
	if got := eval[int](tb, `document.querySelectorAll(":is(#card, #table) .said *").length`); got != 0 || eval[bool](tb, `"pwned" in window`) {
		t.Error("the text became more than text")
	}
}
