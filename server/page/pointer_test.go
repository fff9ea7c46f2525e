package page_test

import (
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

type pixel struct{ X, Y float64 }

// middle returns the middle of an element in the window, scrolled into view.
func (tb *tab) middle(selector string) pixel {
	tb.t.Helper()
	return eval[pixel](tb, `(() => { const e = document.querySelector(%s); e.scrollIntoView({block: "nearest"});
		const r = e.getBoundingClientRect(); return {X: r.x + r.width / 2, Y: r.y + r.height / 2} })()`, quote(selector))
}

// sample returns where a sample is in the window.
func (tb *tab) sample(row int) pixel {
	tb.t.Helper()
	return eval[pixel](tb, `(() => { const r = document.getElementById("stage").getBoundingClientRect();
		const p = zoetrope.stage.positionOf(%d); return {X: r.x + p[0], Y: r.y + p[1]} })()`, row)
}

// lonely returns the row of a sample that no other one is near to, among those that pass a test in JavaScript.
func (tb *tab) lonely(filter string) int {
	tb.t.Helper()
	row := eval[int](tb, `(() => { const m = zoetrope.model, at = m.samples.ids.map((_, i) => zoetrope.stage.positionOf(i));
		const inside = (p) => p && p[0] > 20 && p[1] > 60 && p[0] < zoetrope.stage.view.width - 80 && p[1] < zoetrope.stage.view.height - 20;
		const near = (i) => Math.min(...at.map((q, j) => i === j || !q ? Infinity : Math.hypot(at[i][0] - q[0], at[i][1] - q[1])));
		return at.map((p, i) => i).filter((i) => inside(at[i]) && (%s)).sort((a, b) => near(b) - near(a))[0] ?? -1 })()`, filter)
	if row < 0 {
		tb.t.Fatalf("no sample is on screen for which %s", filter)
	}
	return row
}

func (tb *tab) mouse(kind input.DispatchMouseEventType, p pixel, o ...chromedp.MouseOption) {
	tb.t.Helper()
	tb.do(chromedp.Do(tb.ctx, chromedp.MouseEvent(kind, p.X, p.Y, o...)))
}

func (tb *tab) move(p pixel) {
	tb.t.Helper()
	tb.mouse(input.DispatchMouseEventTypeMouseMoved, p)
}

func (tb *tab) click(p pixel) {
	tb.t.Helper()
	tb.do(chromedp.Do(tb.ctx, chromedp.MouseClickXY(p.X, p.Y)))
}

// drag presses at the first pixel, moves over the others and lets go at the last.
func (tb *tab) drag(path ...pixel) {
	tb.t.Helper()
	left := func(p *input.DispatchMouseEventParams) { p.Button, p.Buttons = input.MouseButtonLeft, 1 }
	tb.mouse(input.DispatchMouseEventTypeMousePressed, path[0], left, chromedp.ClickCount(1))
	for _, p := range path[1:] {
		tb.mouse(input.DispatchMouseEventTypeMouseMoved, p, left)
	}
	tb.mouse(input.DispatchMouseEventTypeMouseReleased, path[len(path)-1], left, chromedp.ClickCount(1))
}

// dragWith is drag with modifier keys held.
func (tb *tab) dragWith(keys chromedp.Modifier, path ...pixel) {
	tb.t.Helper()
	left := func(p *input.DispatchMouseEventParams) {
		p.Button, p.Buttons, p.Modifiers = input.MouseButtonLeft, 1, int64(keys)
	}
	tb.mouse(input.DispatchMouseEventTypeMousePressed, path[0], left, chromedp.ClickCount(1))
	for _, p := range path[1:] {
		tb.mouse(input.DispatchMouseEventTypeMouseMoved, p, left)
	}
	tb.mouse(input.DispatchMouseEventTypeMouseReleased, path[len(path)-1], left, chromedp.ClickCount(1))
}

// selected returns the ids of the selected samples, in the order of the run's samples.
func (tb *tab) selected() []string {
	tb.t.Helper()
	return eval[[]string](tb, `zoetrope.model.viewstate.selected.map((r) => zoetrope.model.samples.ids[r])`)
}

// corners returns a box around all samples, in the window.
func (tb *tab) corners() (low, high pixel) {
	tb.t.Helper()
	box := eval[[]float64](tb, `(() => { const r = document.getElementById("stage").getBoundingClientRect();
		const at = zoetrope.model.samples.ids.map((_, i) => zoetrope.stage.positionOf(i)).filter(Boolean);
		return [Math.min(...at.map((p) => p[0])) + r.x, Math.min(...at.map((p) => p[1])) + r.y, Math.max(...at.map((p) => p[0])) + r.x, Math.max(...at.map((p) => p[1])) + r.y] })()`)
	return pixel{box[0] - 6, box[1] - 6}, pixel{box[2] + 6, box[3] + 6}
}
