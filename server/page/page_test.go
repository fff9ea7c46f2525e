package page_test

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"net/http/httptest"
	"regexp"
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

// shown returns a server with a finished run of 5 epochs on a map.
func shown(t *testing.T) (*httptest.Server, *tracker.Store, *tracker.Run) {
	t.Helper()
	store := servertest.NewStore(t)
	run := servertest.NewTraining(60, "0", "1", "2").Log(t, store, "cnn", 5)
	if err := run.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	servertest.Project(t, store, run.ID(), 2)
	return newServer(t, store, api.Options{}), store, run
}

// TestSlider: every way of moving through the epochs moves the points, and uploads nothing.
func TestSlider(t *testing.T) {
	server, _, run := shown(t)
	tb := openMoving(t, server, "", 960, 640)
	tb.ready()
	if got := tb.epoch(); got != "5" {
		t.Errorf("the page opens at epoch %s, want the last, 5", got)
	}
	if got := eval[int](tb, `zoetrope.model.samples.ids.length`); got != 60 {
		t.Errorf("%d samples, want 60", got)
	}
	before := tb.uploaded()
	last := tb.sample(7)
	step := func(how string, act func(), want string) pixel {
		t.Helper()
		act()
		tb.rest()
		if got := tb.epoch(); got != want {
			t.Errorf("%s: epoch %s, want %s", how, got, want)
		}
		return tb.sample(7)
	}
	first := step("Home", func() { tb.press(kb.Home) }, "1")
	if math.Hypot(first.X-last.X, first.Y-last.Y) < 5 {
		t.Errorf("a sample is at %v in epoch 5 and at %v in epoch 1", last, first)
	}
	step("arrow right", func() { tb.press(kb.ArrowRight) }, "2")
	step("arrow left", func() { tb.press(kb.ArrowLeft) }, "1")
	if again := step("End", func() { tb.press(kb.End) }, "5"); again != last {
		t.Errorf("back at epoch 5 a sample is at %v, not at %v", again, last)
	}
	track := eval[struct{ X, Y, W float64 }](tb, `(() => { const r = document.getElementById("marks").getBoundingClientRect(); return {X: r.x, Y: r.y + r.height / 2, W: r.width} })()`)
	at := func(share float64) pixel { return pixel{track.X + share*track.W, track.Y} }
	step("a drag comes to rest on an epoch", func() { tb.drag(at(1), at(0.7), at(0.55)) }, "3")
	if got := eval[float64](tb, `zoetrope.model.playhead.position`); got != 2 {
		t.Errorf("the playhead is at %g, want 2", got)
	}
	step("a click", func() { tb.click(at(0.26)) }, "2")
	if got := tb.query(); !strings.Contains(got, "epoch=2") || !strings.Contains(got, run.ID()) {
		t.Errorf("the address is %s", got)
	}
	chart := tb.middle("#charts .u-over")
	step("a click in the middle of a chart", func() { tb.click(chart) }, "3")
	if got := tb.uploaded() - before; got != 0 {
		t.Errorf("%d bytes were uploaded, want 0", got)
	}
}

// TestScrubbing: while the slider is dragged, points are in between two epochs.
func TestScrubbing(t *testing.T) {
	server, _, _ := shown(t)
	tb := openMoving(t, server, "", 960, 640)
	tb.ready()
	where := func(position float64) pixel {
		return eval[pixel](tb, `(() => { zoetrope.model.playhead.seek(%g); const p = zoetrope.stage.positionOf(3); return {X: p[0], Y: p[1]} })()`, position)
	}
	a, b, mid := where(1), where(2), where(1.5)
	if want := (pixel{(a.X + b.X) / 2, (a.Y + b.Y) / 2}); math.Hypot(mid.X-want.X, mid.Y-want.Y) > 0.01 {
		t.Errorf("half-way from %v to %v a sample is at %v", a, b, mid)
	}
}

func TestPlay(t *testing.T) {
	server, _, _ := shown(t)
	tb := openMoving(t, server, "?epoch=2", 960, 640)
	tb.ready()
	if got := tb.epoch(); got != "2" {
		t.Fatalf("the address asks for epoch 2, and it is %s", got)
	}
	before := tb.uploaded()
	tb.do(chromedp.Do(tb.ctx, chromedp.Evaluate[chromedp.Void](`zoetrope.model.playhead.speed = 4`)))
	tb.press(" ")
	tb.wait("it plays", `zoetrope.model.playhead.playing && zoetrope.model.playhead.position > 1.1 && zoetrope.model.playhead.position % 1 > 0`, time.Second)
	tb.wait("it plays to the end", `!zoetrope.model.playhead.playing`, 3*time.Second)
	tb.rest()
	if got := tb.epoch(); got != "5" {
		t.Errorf("it ends at epoch %s", got)
	}
	if got := tb.uploaded() - before; got != 0 {
		t.Errorf("%d bytes were uploaded, want 0", got)
	}
	tb.click(tb.middle("#play")) // from the beginning
	tb.wait("it starts again", `zoetrope.model.playhead.playing && zoetrope.model.playhead.position < 3`, time.Second)
	tb.press(" ")
	tb.rest()
	if got := eval[bool](tb, `Number.isInteger(zoetrope.model.playhead.position)`); !got {
		t.Error("pause leaves the playhead between two epochs")
	}
}

// TestHover: the card has the sample's picture, label, prediction and epoch.
func TestHover(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 960, 640)
	tb.ready()
	row := tb.lonely("i > 0")
	tb.move(tb.sample(row))
	tb.wait("the card is there", `!document.getElementById("card").hidden`, time.Second)
	if got := eval[int](tb, `zoetrope.stage.hovered`); got != row {
		t.Fatalf("hovered sample %d, want %d", got, row)
	}
	if got, want := tb.text("#card .details"), fmt.Sprintf("Sample s%d · epoch 5 · loss 0.2500", row); got != want {
		t.Errorf("details = %q, want %q", got, want)
	}
	if got, want := tb.text("#card .label"), fmt.Sprint(row%3); got != want {
		t.Errorf("label = %q, want %q", got, want)
	}
	tb.wait("the prediction is there", `document.querySelector("#card .verdict").textContent.includes("right")`, time.Second)
	shade := eval[int](tb, `document.querySelector("#card canvas").getContext("2d").getImageData(20, 20, 1, 1).data[0]`)
	if want := 100 + row%150; shade != want {
		t.Errorf("the picture's shade is %d, want %d", shade, want)
	}
	// The map itself: the point has its class's colour, and is where positionOf says.
	got := eval[[]int](tb, `(() => { zoetrope.stage.point(-1); zoetrope.stage.draw(performance.now());
		const c = document.createElement("canvas"), map = document.getElementById("map"); c.width = map.width; c.height = map.height;
		const g = c.getContext("2d"); g.drawImage(map, 0, 0); const p = zoetrope.stage.positionOf(%d);
		return [...g.getImageData(Math.round(p[0]), Math.round(p[1]), 1, 1).data] })()`, row)
	want := [][]int{{0x20, 0x72, 0xae}, {0xdc, 0x7a, 0x12}, {0x2d, 0xb4, 0x7b}}[row%3]
	for i, v := range want {
		if d := got[i] - v; d < -8 || d > 8 {
			t.Errorf("the point's colour is %v, want %v", got, want)
			break
		}
	}
	tb.move(pixel{400, 20})
	tb.wait("the card is gone", `document.getElementById("card").hidden`, time.Second)
}

// TestWrongPrediction: a mistake is named as one, and a click keeps the sample in view through the epochs.
func TestWrongPrediction(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "?epoch=3", 960, 640)
	tb.ready()
	at := tb.sample(0)
	tb.move(at)
	if got := eval[int](tb, `zoetrope.stage.hovered`); got != 0 {
		t.Skipf("sample %d lies over sample 0", got)
	}
	tb.wait("it is wrong", `document.querySelector("#card .verdict.wrong")?.textContent.includes("Predicted quite wrong")`, time.Second)
	tb.click(at)
	tb.move(pixel{400, 20})
	tb.press(kb.ArrowRight)
	tb.rest()
	if got := tb.text("#near-panel h2"); got != "0 s0" || tb.epoch() != "4" {
		t.Errorf("at epoch %s the sample that was clicked is kept: %q", tb.epoch(), got)
	}
	tb.press(kb.Escape)
	tb.wait("Escape lets it go", `document.getElementById("near-panel").hidden && zoetrope.model.viewstate.selected.length === 0`, time.Second)
}

func TestLegend(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 960, 640)
	tb.ready()
	tb.wait("the legend has the share that is right", `document.querySelectorAll("#legend .share")[1].textContent.includes("%")`, time.Second)
	if got := tb.text("#legend .entry:nth-child(2) .class"); got != "1100.0 %" {
		t.Errorf("the legend's second row is %q", got)
	}
	tb.click(tb.middle("#legend .entry:nth-child(2) .class"))
	tb.move(pixel{400, 20})
	tb.rest()
	if got := eval[[]string](tb, `zoetrope.model.viewstate.conditions[0].values`); !slices.Equal(got, []string{"1"}) {
		t.Fatalf("filter = %v, want only class 1", got)
	}
	hidden := tb.lonely("zoetrope.model.samples.label[i] !== 1")
	tb.move(tb.sample(hidden))
	tb.rest()
	if got := eval[int](tb, `zoetrope.stage.hovered`); got == hidden {
		t.Error("a filtered sample can be hovered")
	}
	tb.click(tb.middle("#show-all"))
	tb.rest()
	tb.move(pixel{400, 20})
	tb.move(tb.sample(hidden))
	tb.rest()
	if got := eval[int](tb, `zoetrope.stage.hovered`); got != hidden {
		t.Errorf("after Show all, sample %d is hovered, want %d", got, hidden)
	}
}

// TestCamera: wheel, drag, keys and reset.
func TestCamera(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 960, 640)
	tb.ready()
	tb.press("+") // the pictures that take the place of points are uploaded once
	tb.press("+")
	tb.press("+")
	tb.rest()
	tb.press("0")
	tb.rest()
	before := tb.uploaded()
	at := tb.sample(5)
	tb.mouse(input.DispatchMouseEventTypeMouseWheel, at, func(p *input.DispatchMouseEventParams) { p.DeltaX, p.DeltaY = 0.01, -200 })
	tb.rest()
	if zoom := eval[float64](tb, `zoetrope.stage.camera.zoom`); zoom < 1.3 {
		t.Errorf("after the wheel the zoom is %g", zoom)
	}
	if now := tb.sample(5); math.Hypot(now.X-at.X, now.Y-at.Y) > 1 {
		t.Errorf("what was under the pointer went from %v to %v", at, now)
	}
	tb.drag(pixel{500, 300}, pixel{520, 310}, pixel{560, 340})
	tb.rest()
	if now := tb.sample(5); math.Hypot(now.X-at.X-60, now.Y-at.Y-40) > 1 {
		t.Errorf("after a drag by (60, 40) a sample went from %v to %v", at, now)
	}
	tb.press("0")
	tb.rest()
	if now := tb.sample(5); math.Hypot(now.X-at.X, now.Y-at.Y) > 1 {
		t.Errorf("after the reset a sample is at %v, not at %v", now, at)
	}
	tb.click(tb.middle("#zoom-in"))
	tb.rest()
	if zoom := eval[float64](tb, `zoetrope.stage.camera.zoom`); math.Abs(zoom-1.6) > 0.01 {
		t.Errorf("the button zooms to %g", zoom)
	}
	if got := tb.uploaded() - before; got != 0 {
		t.Errorf("%d bytes were uploaded, want 0", got)
	}
}

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

// TestUnlabelled: a run without labels, thumbnails and predictions looks right.
func TestUnlabelled(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(40, "")
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "plain"})
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]tracker.Sample, 40)
	for i := range samples {
		samples[i].ID = fmt.Sprint(i)
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	for e := 0; e <= 2; e++ { // 0 is a real epoch
		epoch := tr.Epoch(e)
		epoch.Outputs, epoch.Metrics = nil, nil
		servertest.LogEpoch(t, run, epoch)
	}
	tb := openTab(t, newServer(t, store, api.Options{}), "?epoch=0", 960, 640)
	tb.ready()
	if got := tb.epoch(); got != "0" {
		t.Errorf("epoch = %s, want 0", got)
	}
	tb.move(tb.sample(tb.lonely("true")))
	tb.wait("the card is there", `!document.getElementById("card").hidden`, time.Second)
	tb.rest()
	for _, selector := range []string{"#legend .class", "#labels span", "#charts-panel", "#card canvas", "#card .verdict", "#params-panel"} {
		if tb.visible(selector) {
			t.Errorf("%s is shown: %q", selector, tb.text(selector))
		}
	}
	if got := tb.text("#card"); !regexp.MustCompile(`^Sample \d+Epoch 0$`).MatchString(got) {
		t.Errorf("the card says %q", got)
	}
	eval[chromedp.Void](tb, `(() => { zoetrope.model.viewstate.select([3], "replace"); zoetrope.model.viewstate.setFocal(3) })()`)
	tb.wait("its neighbours are there", `document.querySelectorAll("#near-panel .tile").length > 5`, 2*time.Second)
	if got := tb.text("#near-panel h2"); got != "Sample 3" {
		t.Errorf("the list of neighbours is headed %q", got)
	}
	if got := eval[string](tb, `document.body.innerText`); strings.Contains(got, "NaN") || strings.Contains(got, "undefined") || strings.Contains(got, "null") {
		t.Errorf("the page says %q", got)
	}
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

// TestRunMenu: another run by keyboard, its address, and an address of a run that is not there.
func TestRunMenu(t *testing.T) {
	server, store, first := shown(t)
	second := servertest.NewTraining(30, "x", "y").Log(t, store, "second", 2)
	tb := openTab(t, server, "?run="+first.ID(), 960, 640)
	tb.ready()
	if got := tb.text("#run-name"); got != "cnn" {
		t.Fatalf("the address asks for cnn, and it is %q", got)
	}
	tb.do(chromedp.Do(tb.ctx, chromedp.Focus(chromedp.CSS("#run"))))
	tb.press(kb.Enter)
	tb.press(kb.Home)
	tb.press(kb.Enter)
	tb.wait("the other run is open", `document.getElementById("run-name").textContent === "second"`, time.Second)
	tb.ready()
	if got := tb.query(); got != "?run="+second.ID() {
		t.Errorf("the address is %s", got)
	}
	if got := eval[int](tb, `zoetrope.model.samples.ids.length`); got != 30 {
		t.Errorf("%d samples, want 30", got)
	}
	tb.do(chromedp.Do(tb.ctx, chromedp.Navigate(server.URL+"/?run=nowhere")))
	tb.wait("it says so", `document.getElementById("trouble").textContent.includes("nowhere")`, 2*time.Second)
	if got := tb.text("#empty"); got != "No map" {
		t.Errorf("in the map's place it says %q", got)
	}
}

// TestContextLoss: the graphics card takes everything away and gives it back.
func TestContextLoss(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 960, 640)
	tb.expected = append(tb.expected, "CONTEXT_LOST_WEBGL")
	tb.ready()
	inked := func() int {
		return eval[int](tb, `(() => { zoetrope.stage.draw(performance.now()); const c = document.createElement("canvas"), map = document.getElementById("map");
			c.width = map.width; c.height = map.height; const g = c.getContext("2d"); g.drawImage(map, 0, 0);
			return g.getImageData(0, 0, c.width, c.height).data.filter((v, i) => i & 3 === 3 && v > 100).length })()`)
	}
	before := inked()
	eval[chromedp.Void](tb, `(async () => { const e = document.getElementById("map").getContext("webgl2").getExtension("WEBGL_lose_context");
		e.loseContext(); await new Promise((r) => setTimeout(r, 50)); e.restoreContext() })()`)
	tb.wait("the context is back", `zoetrope.counters.restored === 1`, 2*time.Second)
	tb.rest()
	if after := inked(); before == 0 || after != before {
		t.Errorf("%d bytes of ink before, %d after", before, after)
	}
}

// TestNarrow: nothing is wider than a phone, and the slider stays in reach.
func TestNarrow(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 390, 844)
	tb.ready()
	if got := eval[float64](tb, `document.documentElement.scrollWidth`); got > 390 {
		t.Errorf("the page is %g pixels wide on a phone of 390", got)
	}
	for _, selector := range []string{"#map", "#play", "#slider", "#run"} {
		if !tb.visible(selector) {
			t.Errorf("%s is not shown", selector)
		}
	}
	if got := eval[float64](tb, `document.querySelector(".player").getBoundingClientRect().bottom`); got > 844 {
		t.Errorf("the slider ends at %g, below the screen", got)
	}
}

// TestGaps: the slider has logged epochs only, whatever their numbers, and says when the map lacks one.
func TestGaps(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(40, "a", "b")
	run := tr.Log(t, store, "r", 0)
	for _, e := range []int{10, 2, 5} {
		servertest.LogEpoch(t, run, tr.Epoch(e))
	}
	servertest.Project(t, store, run.ID(), 2)
	servertest.LogEpoch(t, run, tr.Epoch(20))
	tb := openTab(t, newServer(t, store, api.Options{}), "", 960, 640)
	tb.ready()
	if got := eval[[]int](tb, `zoetrope.model.numbers`); !slices.Equal(got, []int{2, 5, 10, 20}) {
		t.Errorf("epochs = %v", got)
	}
	if got := tb.text("#map-note"); got != "Epoch 20 is not on this map; this is epoch 10." {
		t.Errorf("note = %q", got)
	}
	tb.press(kb.ArrowLeft)
	tb.rest()
	if tb.visible("#map-note") || tb.epoch() != "10" {
		t.Errorf("at epoch %s the note is shown: %v", tb.epoch(), tb.visible("#map-note"))
	}
}

// TestPicturesOfColour: a sprite with colours reaches the card.
func TestPicturesOfColour(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(12, "a")
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "r"})
	if err != nil {
		t.Fatal(err)
	}
	samples := tr.Samples(t)
	for i := range samples {
		samples[i].Thumbnail = servertest.Picture(t, 16, 12, color.NRGBA{uint8(20 * i), 120, 30, 255})
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	servertest.LogEpoch(t, run, tr.Epoch(1))
	tb := openTab(t, newServer(t, store, api.Options{}), "", 960, 640)
	tb.ready()
	row := tb.lonely("true")
	tb.move(tb.sample(row))
	tb.wait("the picture is there", fmt.Sprintf(`(() => { const c = document.querySelector("#card canvas"); if (!c || c.hidden) return false;
		const d = c.getContext("2d").getImageData(c.width / 2, c.height / 2, 1, 1).data; return d[0] === %d && d[1] === 120 && d[2] === 30 })()`, 20*row), 2*time.Second)
}

// TestWithoutWebGL: the page says why there are no points, and the rest works.
func TestWithoutWebGL(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 960, 640)
	tb.script(`HTMLCanvasElement.prototype.getContext = ((old) => function (kind, ...rest) { return kind === "webgl2" ? null : old.call(this, kind, ...rest) })(HTMLCanvasElement.prototype.getContext)`)
	tb.do(chromedp.Do(tb.ctx, chromedp.Reload()))
	tb.ready()
	if !tb.visible("#no-webgl") {
		t.Error("the page does not say that it lacks WebGL 2")
	}
	tb.press(kb.Home)
	tb.rest()
	tb.move(tb.sample(tb.lonely("true")))
	tb.wait("the card is there", `!document.getElementById("card").hidden`, time.Second)
	if got := tb.epoch(); got != "1" {
		t.Errorf("epoch = %s, want 1", got)
	}
}
