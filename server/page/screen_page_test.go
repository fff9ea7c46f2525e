package page_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

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
