package page_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// axe is axe-core, which looks for what keeps people from using a page.
func axe(t *testing.T) string {
	t.Helper()
	f, err := os.Open("testdata/axe/axe.min.js.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// accessible fails the test for every serious finding of axe-core on the page as it is.
func (tb *tab) accessible(script string) {
	tb.t.Helper()
	eval[chromedp.Void](tb, "%s", script)
	found := eval[[]string](tb, `axe.run(document).then((r) => r.passes.length < 15 ? ["only " + r.passes.length + " rules were looked at"] : r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").flatMap((v) =>
		v.nodes.slice(0, 4).map((n) => v.id + ": " + n.target + ": " + n.failureSummary.replace(/\s+/g, " ").slice(0, 300))))`)
	for _, f := range found {
		tb.t.Error(f)
	}
}

// TestAccessible: axe-core has no serious finding, in light and dark, wide and narrow, with all panels open.
func TestAccessible(t *testing.T) {
	server, _, _ := shown(t)
	script := axe(t)
	tb := openTab(t, server, "", 1160, 800)
	for _, c := range []struct {
		name, scheme, query string
		width               int64
		prepare             string
	}{
		{"the map", "light", "", 1160, ``},
		{"a selection in the dark", "dark", "?select=1-2.5&colour=loss", 1160, ``},
		{"filters on a phone", "dark", "?filter=label~1~2", 390, ``},
		{"the view menu over a grid", "light", "?view=grid", 1160, `document.getElementById("view").click()`},
		{"all runs", "light", "?runs", 1160, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			tb := &tab{t: t, ctx: tb.ctx, server: tb.server}
			tb.size(c.width, 800, false)
			_, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-reduced-motion", Value: "reduce"}, {Name: "prefers-color-scheme", Value: c.scheme}}})
			tb.do(err)
			tb.do(chromedp.Do(tb.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(tb.server+"/"+c.query)))
			tb.wait("the page has started", `!!window.zoetrope && zoetrope.model.runs !== null`, 10*time.Second)
			if !strings.Contains(c.query, "runs") {
				tb.ready()
			}
			eval[chromedp.Void](tb, "%s", c.prepare)
			tb.accessible(script)
		})
	}
}

// TestKeyboard: everything is reached by the keyboard, in the order in which it stands, and has a name.
func TestKeyboard(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "?select=1", 1160, 800)
	tb.ready()
	var order []string
	for range 60 {
		tb.press(kb.Tab)
		at := eval[string](tb, `(() => { const e = document.activeElement; if (e === document.body) return ""; const r = e.getBoundingClientRect();
			const name = e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || e.labels?.[0]?.textContent || e.textContent.trim() || e.title;
			return (e.id || e.className || e.tagName) + (name ? "" : " without a name") + (r.width > 0 && r.height > 0 ? "" : " unseen") })()`)
		if at == "" {
			break
		}
		order = append(order, at)
	}
	text := strings.Join(order, " > ")
	last := -1
	for _, id := range []string{"home-link", "theme", "map-kind", "view", "tool-move", "zoom-in", "play", "slider", "colour", "tab-samples", "search", "table-box"} {
		i := strings.Index(text, id)
		if i <= last {
			t.Errorf("%s is not where it should be in the order: %s", id, text)
		}
		last = max(last, i)
	}
	if strings.Contains(text, "without a name") || strings.Contains(text, "unseen") {
		t.Errorf("order: %s", text)
	}
}

// TestTableIsTheMap: who does not see the map has the same samples in a table.
func TestTableIsTheMap(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "?filter=label~1", 1160, 800)
	tb.ready()
	tb.click(tb.middle("#tab-samples"))
	tb.rest()
	if got := tb.text("#table-title"); got != "20 samples shown" {
		t.Errorf("the table says %q", got)
	}
	if got := eval[string](tb, `document.getElementById("map").getAttribute("aria-label")`); !strings.Contains(got, "60 samples in 3 classes over 5 epochs") || !strings.Contains(got, "table") {
		t.Errorf("the map says %q", got)
	}
	if got := eval[int](tb, `document.querySelectorAll("#table tr[data-row]").length`); got < 10 {
		t.Errorf("%d rows are made", got)
	}
}

// TestSharp: on a screen with two device pixels per pixel, the map has twice as many.
func TestSharp(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 800, 600)
	_, err := chromedp.Call(tb.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 800, Height: 600, DeviceScaleFactor: 2})
	tb.do(err)
	tb.do(chromedp.Do(tb.ctx, chromedp.Reload()))
	tb.wait("the page has started again", `!!window.zoetrope && zoetrope.model.runs !== null`, 10*time.Second)
	tb.wait("the map is sharp", `(() => { const c = document.getElementById("map"); return Math.abs(c.width - 2 * c.clientWidth) <= 1 })()`, 2*time.Second)
	tb.ready()
	row := tb.lonely("true")
	tb.move(tb.sample(row))
	tb.wait("a sample is where it is drawn", fmt.Sprintf(`zoetrope.stage.hovered === %d`, row), time.Second)
}

// TestEndurance: two hundred movements of the slider leave nothing behind.
func TestEndurance(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(60, "0", "1", "2").Log(t, store, "cnn", 5)
	servertest.Project(t, store, run.ID(), 2)
	tb := openTab(t, newServer(t, store, api.Options{}), "?select=1-5&colour=change", 800, 560)
	tb.ready()
	tb.wait("the colours are known", `zoetrope.model.numbers.every((_, i) => zoetrope.model.viewstate.values(i) !== null)`, 3*time.Second)
	scrub := func(n int) {
		eval[chromedp.Void](tb, `(async () => { for (let i = 0; i < %d; i++) { zoetrope.model.playhead.seek((i * 0.37) %% 4); zoetrope.stage.draw(performance.now()); if (i %% 20 === 0) await new Promise(requestAnimationFrame) } })()`, n)
	}
	heap := func() float64 {
		for range 3 {
			_, err := chromedp.Call(tb.ctx, heapprofiler.CollectGarbage, cdp.Empty{})
			tb.do(err)
		}
		u, err := chromedp.Call(tb.ctx, runtime.GetHeapUsage, cdp.Empty{})
		tb.do(err)
		return u.UsedSize
	}
	scrub(40)
	before, uploaded := heap(), tb.uploaded()
	scrub(200)
	after := heap()
	if got := tb.uploaded() - uploaded; got != 0 {
		t.Errorf("%d bytes were uploaded, want 0", got)
	}
	if after > before+512<<10 {
		t.Errorf("the heap grew from %.0f to %.0f bytes", before, after)
	}
}

// TestFrugal: a frame between two epochs uploads nothing and leaves hardly anything to the garbage collector. What remains
// are the few objects that say what is drawn: none of them grows with the samples or the epochs.
func TestFrugal(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(60, "0", "1", "2").Log(t, store, "cnn", 12)
	servertest.Project(t, store, run.ID(), 2)
	tb := openTab(t, newServer(t, store, api.Options{}), "", 800, 560)
	tb.ready()
	eval[chromedp.Void](tb, `(() => { zoetrope.model.playhead.still = false })()`)
	frames := func(n int) {
		eval[chromedp.Void](tb, `(() => { for (let i = 0; i < %d; i++) { zoetrope.model.playhead.position = 3.1 + (i %% 64) / 200; zoetrope.stage.draw(0) } })()`, n)
	}
	frames(300) // until it is compiled
	uploaded := tb.uploaded()
	all := true
	_, err := chromedp.Call(tb.ctx, heapprofiler.StartSampling, heapprofiler.StartSamplingParams{
		SamplingInterval: 256, IncludeObjectsCollectedByMajorGC: &all, IncludeObjectsCollectedByMinorGC: &all})
	tb.do(err)
	const n = 200
	frames(n)
	got, err := chromedp.Call(tb.ctx, heapprofiler.StopSampling, cdp.Empty{})
	tb.do(err)
	if got := tb.uploaded() - uploaded; got != 0 {
		t.Errorf("%d bytes were uploaded, want 0", got)
	}
	var own func(f *heapprofiler.SamplingHeapProfileNode) float64
	own = func(f *heapprofiler.SamplingHeapProfileNode) (sum float64) {
		if f.CallFrame != nil && strings.HasSuffix(f.CallFrame.URL, "app.js") {
			sum = f.SelfSize
		}
		for _, c := range f.Children {
			sum += own(c)
		}
		return sum
	}
	bytes := own(got.Profile.Head) / n
	t.Logf("a frame allocates %.0f bytes", bytes)
	if bytes > 8000 {
		t.Errorf("a frame allocates %.0f bytes", bytes)
	}
}
