package page_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// touch sends fingers, each where it is now; none lifts them all.
func (tb *tab) touch(kind input.DispatchTouchEventType, fingers ...pixel) {
	tb.t.Helper()
	p := input.DispatchTouchEventParams{Type: kind, TouchPoints: []*input.TouchPoint{}}
	for i, f := range fingers {
		id := float64(i)
		p.TouchPoints = append(p.TouchPoints, &input.TouchPoint{X: f.X, Y: f.Y, ID: &id})
	}
	_, err := chromedp.Call(tb.ctx, input.DispatchTouchEvent, p)
	tb.do(err)
}

// TestThreeDimensions: a map in space turns under the mouse, a finger and the keys, moves under the right button and two
// fingers, and everything else is as on a plane.
func TestThreeDimensions(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(60, "a", "b").Log(t, store, "r", 3)
	servertest.Project(t, store, run.ID(), 3)
	tb := openTab(t, newServer(t, store, api.Options{}), "?select=1-3", 960, 640)
	tb.ready()
	type camera struct{ X, Y, Z, Zoom, Yaw, Pitch float64 }
	at := func() camera { return eval[camera](tb, `zoetrope.stage.camera`) }
	home := at()
	for range 3 { // the pictures that take the place of points are uploaded once
		tb.press("+")
		tb.rest()
	}
	tb.press("0")
	tb.rest()
	uploaded := tb.uploaded() // with the trails of the selection
	step := func(how string, act func()) camera {
		t.Helper()
		before, sample := at(), tb.sample(4)
		act()
		tb.rest()
		now := at()
		if now == before || tb.sample(4) == sample {
			t.Errorf("%s: the camera is at %+v, a sample at %v, as before", how, now, sample)
		}
		return now
	}
	turned := func(how string, c camera) {
		t.Helper()
		if (c.Yaw == home.Yaw && c.Pitch == home.Pitch) || c.X != home.X || c.Zoom != home.Zoom {
			t.Errorf("%s does not turn, or does more: %+v", how, c)
		}
	}
	moved := func(how string, c camera, zoom float64) {
		t.Helper()
		if c.Yaw != home.Yaw || c.Pitch != home.Pitch || c.X == home.X || math.Abs(c.Zoom-zoom) > 0.05 {
			t.Errorf("%s does not move, or does not zoom to %g, or turns: %+v", how, zoom, c)
		}
	}
	again := func() { tb.press("0"); tb.rest() }

	turned("a drag", step("a drag", func() { tb.drag(pixel{400, 300}, pixel{450, 310}, pixel{500, 320}) }))
	if got := eval[string](tb, `new URLSearchParams(location.search).get("camera")`); strings.Count(got, ",") != 5 {
		t.Errorf("the address has the camera %q", got)
	}
	again()
	if now := at(); now != home {
		t.Errorf("0 leads to %+v, not to %+v", now, home)
	}
	right := func(p *input.DispatchMouseEventParams) { p.Button, p.Buttons = input.MouseButtonRight, 2 }
	moved("the right button", step("the right button", func() {
		tb.mouse(input.DispatchMouseEventTypeMousePressed, pixel{400, 300}, right)
		tb.mouse(input.DispatchMouseEventTypeMouseMoved, pixel{430, 310}, right)
		tb.mouse(input.DispatchMouseEventTypeMouseMoved, pixel{460, 330}, right)
		tb.mouse(input.DispatchMouseEventTypeMouseReleased, pixel{460, 330}, right)
	}), 1)
	again()
	for key, want := range map[string]func(c camera) bool{
		kb.ArrowRight: func(c camera) bool { return c.Yaw > home.Yaw && c.Pitch == home.Pitch },
		kb.ArrowLeft:  func(c camera) bool { return c.Yaw < home.Yaw && c.Pitch == home.Pitch },
		kb.ArrowUp:    func(c camera) bool { return c.Pitch < home.Pitch && c.Yaw == home.Yaw },
		kb.ArrowDown:  func(c camera) bool { return c.Pitch > home.Pitch && c.Yaw == home.Yaw },
	} {
		c := step("a key", func() {
			tb.do(chromedp.Do(tb.ctx, chromedp.KeyEvent(key, chromedp.KeyModifiers(chromedp.ModifierShift))))
		})
		if !want(c) || tb.epoch() != "3" {
			t.Errorf("Shift and an arrow lead to %+v from %+v, and to epoch %s", c, home, tb.epoch())
		}
		again()
	}
	fingers := func(yes bool) {
		t.Helper()
		_, err := chromedp.Call(tb.ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: yes})
		tb.do(err)
	}
	fingers(true)
	turned("a finger", step("a finger", func() {
		tb.touch(input.DispatchTouchEventTypeTouchStart, pixel{400, 300})
		tb.touch(input.DispatchTouchEventTypeTouchMove, pixel{420, 310})
		tb.touch(input.DispatchTouchEventTypeTouchMove, pixel{470, 330})
		tb.touch(input.DispatchTouchEventTypeTouchEnd)
	}))
	again()
	two := step("two fingers", func() {
		_, err := chromedp.Call(tb.ctx, input.SynthesizePinchGesture, input.SynthesizePinchGestureParams{X: 300, Y: 250, ScaleFactor: 1.5, GestureSourceType: input.GestureSourceTypeTouch})
		tb.do(err)
	})
	if two.Zoom < 1.2 || two.X == home.X || two.Yaw != home.Yaw || two.Pitch != home.Pitch {
		t.Errorf("two fingers that part lead to %+v", two)
	}
	again()
	fingers(false)
	if got := tb.selected(); len(got) == 0 {
		t.Error("the selection is gone")
	}
	if got := tb.uploaded() - uploaded; got != 0 {
		t.Errorf("%d bytes were uploaded while the map was turned", got)
	}

	// Names follow their points, hover and selection are of what is on screen, and what lies in front is meant.
	name := func() string { return eval[string](tb, `document.querySelector("#labels span").style.transform`) }
	was := name()
	tb.drag(pixel{400, 300}, pixel{420, 310}, pixel{520, 330})
	tb.rest()
	if name() == was {
		t.Error("the names stay where they were")
	}
	row := tb.lonely("true")
	tb.move(tb.sample(row))
	tb.rest()
	if got := eval[int](tb, `zoetrope.stage.hovered`); got != row {
		t.Errorf("hovered %d, want %d", got, row)
	}
	if !tb.visible("#card") || !tb.visible("#trail") {
		t.Error("the card or the trail of what is hovered is not shown")
	}
	// As points are, rings are smaller the farther away they are, but for their rims.
	radii := map[string]float64{}
	for _, end := range []string{"near", "far"} {
		row := eval[int](tb, `(() => { const { m, panes } = zoetrope.stage, f = panes[0].shot.to, { scale, offset } = f.placement;
			const w = (i) => m[15] + [0, 1, 2].reduce((sum, d) => sum + m[4 * d + 3] * (f.quanta[3 * i + d] * scale + offset[d]), 0);
			window.depth = w; return zoetrope.model.samples.ids.map((_, i) => i).sort((a, b) => %s)[0] })()`, map[string]string{"near": "w(a) - w(b)", "far": "w(b) - w(a)"}[end])
		eval[chromedp.Void](tb, `zoetrope.stage.point(%d)`, row)
		tb.rest()
		radii[end] = (tb.rings(row)[0].R + 1) * eval[float64](tb, `depth(%d)`, row)
	}
	if d := radii["near"] / radii["far"]; d < 0.99 || d > 1.01 {
		t.Errorf("rings in space, as if all were as far away: %v", radii)
	}
	p := tb.sample(row)
	want := eval[[]string](tb, `(() => { const s = document.getElementById("stage").getBoundingClientRect(); return zoetrope.model.samples.ids.filter((_, i) => { const p = zoetrope.stage.positionOf(i);
		return Math.abs(p[0] + s.x - %g) < 60 && Math.abs(p[1] + s.y - %g) < 60 }) })()`, p.X, p.Y)
	tb.dragWith(chromedp.ModifierShift, pixel{p.X - 60, p.Y - 60}, p, pixel{p.X + 60, p.Y + 60})
	tb.rest()
	selected := tb.selected() // Shift adds to what was selected
	for _, id := range want {
		if !slices.Contains(selected, id) {
			t.Errorf("a rectangle around %v selects %v", want, selected)
			break
		}
	}
	if got := tb.text("#map-title"); got != "UMAP in 3-D" {
		t.Errorf("the map is called %q", got)
	}
	if got := eval[string](tb, `document.getElementById("tool-move").title`); !strings.HasPrefix(got, "Turn the map") {
		t.Errorf("the tool is called %q", got)
	}
}
