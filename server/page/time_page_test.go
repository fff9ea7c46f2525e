package page_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// TestSteps: buttons and digits move through time, and a loop begins again.
func TestSteps(t *testing.T) {
	server, _, _ := shown(t)
	tb := openMoving(t, server, "?view=loop", 960, 640)
	tb.ready()
	if !eval[bool](tb, `document.getElementById("forth").disabled`) {
		t.Error("after the last epoch there is another one")
	}
	for _, s := range []struct {
		how  string
		act  func()
		want string
	}{
		{"back", func() { tb.click(tb.middle("#back")) }, "4"},
		{"on", func() { tb.click(tb.middle("#forth")) }, "5"},
		{"the digit 5", func() { tb.press("5") }, "3"},
		{"Page up", func() { tb.press(kb.PageDown) }, "1"},
	} {
		s.act()
		tb.rest()
		if got := tb.epoch(); got != s.want {
			t.Errorf("%s: epoch %s, want %s", s.how, got, s.want)
		}
	}
	eval[chromedp.Void](tb, `(() => { zoetrope.model.playhead.speed = 8 })()`)
	tb.press(" ")
	tb.wait("it reaches the end", `zoetrope.model.playhead.position === 4`, 2*time.Second)
	tb.wait("it begins again", `zoetrope.model.playhead.playing && zoetrope.model.playhead.position < 3`, 3*time.Second)
	tb.press(" ")
	tb.rest()
}

// TestHeat: the strip under the slider has the median movement to each epoch, and below it the layer's own.
func TestHeat(t *testing.T) {
	server, store, run := shown(t)
	tb := openTab(t, server, "", 960, 640)
	tb.ready()
	p := projectionOf(t, store, run.ID())
	placed, err := p.Coordinates(t.Context(), projector.Query{AllEpochs: true})
	if err != nil {
		t.Fatal(err)
	}
	low, high := slices.Clone(placed[0].Coordinates[:2]), slices.Clone(placed[0].Coordinates[:2])
	for _, pl := range placed {
		for i, v := range pl.Coordinates {
			low[i%2], high[i%2] = min(low[i%2], v), max(high[i%2], v)
		}
	}
	side := float64(max(high[0]-low[0], high[1]-low[1]))
	got := eval[[]float64](tb, `zoetrope.model.numbers.slice(1).map((_, i) => { const v = [...zoetrope.model.facts.values("moved", i + 1).value].sort((a, b) => a - b); return v[v.length >> 1] })`)
	for e := 1; e < 5; e++ {
		a, b := placed[e-1].Coordinates, placed[e].Coordinates
		moved := make([]float64, len(a)/2)
		for i := range moved {
			moved[i] = math.Hypot(float64(b[2*i]-a[2*i]), float64(b[2*i+1]-a[2*i+1])) / side
		}
		slices.Sort(moved)
		if want := moved[len(moved)/2]; math.Abs(got[e-1]-want) > 2e-4 {
			t.Errorf("to epoch %d points moved by %g, want %g", e+1, got[e-1], want)
		}
	}
	q, err := p.Quality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tb.wait("the map is measured", `zoetrope.model.quality !== null`, 3*time.Second)
	tb.rest()
	// The samples of this training drift evenly: the layer's shares are about equal.
	colours := eval[[]int](tb, `(() => { const c = document.getElementById("heat"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
		return [1, c.height - 2].map((y) => { const seen = new Set();
			for (let i = 4 * y * c.width; i < 4 * (y + 1) * c.width; i += 4) if (d[i + 3] === 255) seen.add(d[i] + " " + d[i + 1]);
			return seen.size }) })()`)
	if colours[0] < 3 || colours[1] < 1 {
		t.Errorf("the strip has %d colours for the map, and %d for the layer", colours[0], colours[1])
	}
	at := eval[pixel](tb, `(() => { const r = document.getElementById("marks").getBoundingClientRect(); return {X: r.x + r.width * 0.4, Y: r.y + 4} })()`)
	tb.move(at)
	want := fmt.Sprintf(" of all movement on the map, %.1f\u2009%% in the network", 100**q.Transitions[1].Original.Share)
	if got := eval[string](tb, `document.getElementById("slider").title`); !strings.HasPrefix(got, "From epoch 2 to 3 points moved by ") || !strings.Contains(got, want) {
		t.Errorf("the strip says %q, want %q in it", got, want)
	}
}

// TestTrails: the selection's ways through all epochs are uploaded once and drawn, and the ghost is the epoch before.
func TestTrails(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "?view=ghost", 960, 640)
	tb.ready()
	before := tb.uploaded()
	eval[chromedp.Void](tb, `zoetrope.model.viewstate.select([1, 2, 3], "replace")`)
	tb.rest()
	const steps = 3 * 4 * 8 * 4 // rows, steps, numbers, bytes
	if got := tb.uploaded() - before; got != steps+60 {
		t.Errorf("%d bytes were uploaded for the selection, want %d for its trails and 60 for its flags", got, steps)
	}
	before = tb.uploaded()
	tb.press(kb.Home)
	tb.rest()
	tb.press(kb.End)
	tb.rest()
	if got := tb.uploaded() - before; got != 0 {
		t.Errorf("%d bytes were uploaded while scrubbing, want 0", got)
	}
}

// TestGrid: all epochs beside each other share the camera, the pointer and the selection.
func TestGrid(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 1160, 700)
	tb.ready()
	before := tb.uploaded()
	tb.press("g")
	tb.rest()
	if got := eval[int](tb, `zoetrope.stage.panes.length`); got != 5 {
		t.Fatalf("%d maps, want 5", got)
	}
	if got := eval[[]string](tb, `[...document.querySelectorAll("#captions span:not([hidden])")].map((e) => e.textContent)`); !slices.Equal(got, []string{"Epoch 1", "Epoch 2", "Epoch 3", "Epoch 4", "Epoch 5"}) {
		t.Errorf("captions %v", got)
	}
	pane := func(i int) (x, y, w, h float64) {
		p := eval[[]float64](tb, `(() => { const r = document.getElementById("stage").getBoundingClientRect(), p = zoetrope.stage.panes[%d]; return [r.x + p.x, r.y + p.y, p.width, p.height] })()`, i)
		return p[0], p[1], p[2], p[3]
	}
	x, y, w, h := pane(1)
	tb.click(tb.middle("#tool-rectangle"))
	tb.drag(pixel{x + 2, y + 30}, pixel{x + w/2, y + h/2}, pixel{x + w - 2, y + h - 2})
	tb.rest()
	n := len(tb.selected())
	if n < 30 {
		t.Errorf("a rectangle over the second epoch's map selects %d", n)
	}
	tb.press("v")
	tb.press(kb.Escape)
	tb.press("+")
	tb.rest()
	if got := eval[float64](tb, `zoetrope.stage.camera.zoom`); math.Abs(got-1.6) > 0.01 {
		t.Errorf("zoom = %g", got)
	}
	tb.press("0")
	tb.click(pixel{x + 3, y + h - 3}) // the ground of epoch 2
	tb.rest()
	if got := tb.epoch(); got != "2" {
		t.Errorf("a click on a map goes to epoch %s, want 2", got)
	}
	if got := tb.query(); !strings.Contains(got, "view=grid") {
		t.Errorf("the address is %s", got)
	}
	if got := tb.uploaded() - before; got > 5*60 { // flags of the selection
		t.Errorf("%d bytes were uploaded for the grid", got)
	}
}

// TestCompare: another run on the same map stands beside this one or over it; its samples are this one's by their ids.
func TestCompare(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(40, "a", "b")
	first := tr.Log(t, store, "first", 4)
	second := tr.Log(t, store, "second", 3)
	o := projector.Defaults()
	o.NNeighbors, o.NEpochs = 8, 30
	if _, err := projector.Project(context.WithoutCancel(t.Context()), store, []string{first.ID(), second.ID()}, o, nil); err != nil {
		t.Fatal(err)
	}
	servertest.NewTraining(30, "x").Log(t, store, "third", 2)
	tb := openTab(t, newServer(t, store, api.Options{}), "?run="+first.ID(), 1160, 700)
	tb.ready()
	tb.do(chromedp.Do(tb.ctx, chromedp.Focus(chromedp.CSS("#compare"))))
	tb.press(kb.Enter)
	if got := eval[[]string](tb, `[...document.querySelectorAll("#compare + .menu .group")].map((e) => e.textContent)`); !slices.Equal(got, []string{"On the same map", "On a map of their own", "Other maps of this run"}) {
		t.Errorf("groups %v", got)
	}
	tb.press(kb.Enter)
	tb.wait("the other run is there", `zoetrope.stage.panes.length === 2`, 3*time.Second)
	tb.rest()
	if got := eval[[]string](tb, `[...document.querySelectorAll("#captions span:not([hidden])")].map((e) => e.textContent)`); !slices.Equal(got, []string{"first · epoch 4", "second · epoch 3"}) {
		t.Errorf("captions %v", got)
	}
	// Sample 7 of the second run is hovered and selected as what it is in both.
	at := eval[pixel](tb, `(() => { const r = document.getElementById("stage").getBoundingClientRect(), p = zoetrope.stage.panes[1], [x, y] = zoetrope.stage.positionOf(7, 1); return {X: r.x + x, Y: r.y + y} })()`)
	tb.move(at)
	tb.rest()
	row := eval[int](tb, `zoetrope.stage.hovered`)
	if row < 0 {
		t.Fatal("nothing is hovered in the other run")
	}
	if got := tb.text("#card .details"); !strings.Contains(got, fmt.Sprintf("Sample s%d · epoch 3", row)) {
		t.Errorf("the card says %q", got)
	}
	if got := tb.rings(row); len(got) != 2 {
		t.Errorf("%d rings on two maps", len(got))
	}
	tb.click(at)
	tb.rest()
	if got := tb.selected(); !slices.Equal(got, []string{fmt.Sprint("s", row)}) {
		t.Errorf("selected %v", got)
	}
	if got := tb.query(); !strings.Contains(got, "compare="+second.ID()) {
		t.Errorf("the address is %s", got)
	}
	eval[chromedp.Void](tb, `zoetrope.model.viewstate.setOptions({overlay: true})`)
	tb.rest()
	if got := eval[[]float64](tb, `zoetrope.stage.panes.map((p) => p.x)`); !slices.Equal(got, []float64{0, 0}) {
		t.Errorf("one over the other they begin at %v", got)
	}
	if got := tb.text("#captions"); !strings.Contains(got, "Discs: first") || !strings.Contains(got, "Rings: second") {
		t.Errorf("caption %q", got)
	}
	if got := tb.text("#quality-words"); !strings.Contains(got, "axes of their own") {
		t.Errorf("it says %q of two runs on one map", got)
	}
	// On a phone all of it is there, in one line, and it ends as it began.
	tb.size(390, 844, false)
	eval[chromedp.Void](tb, `zoetrope.model.viewstate.setOptions({overlay: false})`)
	tb.rest()
	if got := eval[[]float64](tb, `[...document.querySelectorAll("#map-bar > .picker > button")].map((e) => e.getBoundingClientRect().top)`); len(got) != 4 || slices.Min(got) != slices.Max(got) {
		t.Errorf("the buttons over the map are at %v", got)
	}
	if got := eval[[]float64](tb, `[...document.querySelectorAll("#captions i")].flatMap((e) => { const r = e.getBoundingClientRect(); return [r.top, r.bottom] })`); len(got) != 4 || got[1] > got[2] {
		t.Errorf("the captions are at %v", got)
	}
	tb.click(tb.middle("#compare"))
	tb.click(tb.middle("#compare + .menu .item"))
	tb.wait("nothing is beside the map", `zoetrope.model.other === null && zoetrope.stage.panes.length === 1`, time.Second)
	if got := tb.text("#quality-words"); strings.Contains(got, "axes of their own") {
		t.Errorf("it says %q of one run", got)
	}
}
