package page_test

import (
	"fmt"
	"math"
	"net/http/httptest"
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
