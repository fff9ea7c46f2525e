package page_test

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestColours: every column colours the points, by what the server and the projector say of them, and once the epochs
// are known, scrubbing uploads nothing although the colours differ from epoch to epoch.
func TestColours(t *testing.T) {
	server, store, run := shown(t)
	tb := openTab(t, server, "", 960, 640)
	tb.ready()
	want := []string{"label", "prediction", "correct", "confidence", "loss", "change", "moved", "trust", "epoch", "meta:rank", "meta:split"}
	if got := eval[[]string](tb, `zoetrope.model.facts.columns.map((c) => c.key)`); !slices.Equal(got, want) {
		t.Errorf("columns %v, want %v", got, want)
	}
	values := func(key string, at int) []float64 {
		t.Helper()
		eval[chromedp.Void](tb, `zoetrope.model.viewstate.setColour(%s)`, quote(key))
		tb.wait(key+" is known", `zoetrope.model.numbers.every((_, i) => zoetrope.model.viewstate.values(i) !== null)`, 3*time.Second)
		tb.rest()
		return eval[[]float64](tb, `[...zoetrope.model.viewstate.values(%d).value].map((v) => Number.isNaN(v) ? -1 : v)`, at)
	}
	p := projectionOf(t, store, run.ID())
	_, trust, err := p.PointTrust(t.Context(), run.ID(), 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values("trust", 2) {
		if math.Abs(v-trust[i]) > 1e-6 {
			t.Fatalf("trust of row %d is %g, want %g", i, v, trust[i])
		}
	}
	for i, v := range values("change", 2) {
		if w := churn(t, store, run.ID(), 3)[i]; math.Abs(v-w) > 1e-6 {
			t.Fatalf("change of row %d is %g, want %g", i, v, w)
		}
	}
	if got := values("change", 0); slices.Max(got) != -1 {
		t.Errorf("at the first epoch nothing has changed yet, and it is %v", got)
	}
	for range 4 { // each epoch's colours go to the graphics card once
		tb.press(kb.ArrowLeft)
		tb.rest()
	}
	before := tb.uploaded()
	for range 4 {
		tb.press(kb.ArrowRight)
		tb.rest()
	}
	if got := tb.uploaded() - before; got != 0 {
		t.Errorf("%d bytes were uploaded, want 0", got)
	}

	// The one mistake has the colour of mistakes, by the legend and on the map.
	tb.do(chromedp.Do(tb.ctx, chromedp.Focus(chromedp.CSS("#colour"))))
	tb.press(kb.Enter)
	tb.press("R") // Right or wrong
	tb.press(kb.Enter)
	tb.wait("it is coloured by mistakes", `document.getElementById("colour-name").textContent === "Right or wrong" && document.querySelectorAll("#legend .entry").length === 2`, 2*time.Second)
	tb.rest()
	if got := eval[[]int](tb, `[...zoetrope.model.viewstate.slots(4)].filter((s) => s === 2).concat([zoetrope.model.viewstate.slots(4)[0]])`); !slices.Equal(got, []int{2, 2}) {
		t.Errorf("slots of mistakes: %v", got)
	}
	if got := tb.text("#legend .entry:nth-child(2) .share"); got != "1" {
		t.Errorf("the legend counts %q mistakes", got)
	}
}

// projectionOf is a run's only projection.
func projectionOf(t *testing.T, store *tracker.Store, run string) *projector.Projection {
	t.Helper()
	list, err := projector.List(t.Context(), store, run)
	if err != nil || len(list) == 0 {
		t.Fatalf("%v, %v", list, err)
	}
	p, err := projector.Open(t.Context(), store, list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPictures: close enough, points are their samples' pictures, and the option takes them away.
func TestPictures(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 960, 640)
	tb.ready()
	row := tb.lonely("true")
	eval[chromedp.Void](tb, `zoetrope.stage.visit([%d])`, row)
	tb.rest()
	shade := func() []int {
		t.Helper()
		return eval[[]int](tb, `(() => { zoetrope.stage.point(-1); zoetrope.stage.draw(performance.now()); const c = document.createElement("canvas"), map = document.getElementById("map");
			c.width = map.width; c.height = map.height; const g = c.getContext("2d"); g.drawImage(map, 0, 0); const p = zoetrope.stage.positionOf(%d);
			return [...g.getImageData(Math.round(p[0]), Math.round(p[1]), 1, 1).data] })()`, row)
	}
	want := 100 + row%150
	if got := shade(); got[0] != want || got[1] != want || got[2] != want {
		t.Errorf("the picture has the colour %v, want %d of all", got, want)
	}
	tb.move(tb.sample(row))
	tb.wait("the picture that is pointed at has its card", `!document.getElementById("card").hidden`, time.Second)
	tb.rest()
	if got := tb.rings(row); got[0].R < 10 {
		t.Errorf("the ring's half width is %v: it is within the picture", got)
	}
	if eval[bool](tb, `(() => { const box = (s) => document.querySelector(s).getBoundingClientRect(), card = box("#card"), ring = box("#rings rect:not(.off)");
		return card.left < ring.right && ring.left < card.right && card.top < ring.bottom && ring.top < card.bottom })()`) {
		t.Error("the card covers the picture")
	}
	tb.move(pixel{400, 20})
	tb.click(tb.middle("#view"))
	tb.wait("the panel is open", `!document.getElementById("view-panel").hidden`, time.Second)
	tb.click(tb.middle(`#view-panel input[data-key="pictures"]`))
	tb.press(kb.Escape)
	tb.rest()
	if got := shade(); got[0] == got[1] && got[1] == got[2] {
		t.Errorf("without pictures the point is grey: %v", got)
	}
	if got := tb.query(); !slices.Contains([]byte(got), '-') || tb.visible("#view-panel") {
		t.Errorf("the address is %s, and the panel is open: %v", got, tb.visible("#view-panel"))
	}
}

// TestContours: each class has its lines, all of them within the map, and a filter takes the class's lines away.
func TestContours(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "?view=contours", 960, 640)
	tb.expected = append(tb.expected, "willReadFrequently") // this test reads what the page only draws
	tb.ready()
	if got := eval[int](tb, `zoetrope.stage.contours.sets`); got != 3 {
		t.Errorf("%d classes have contours, want 3", got)
	}
	ink := `(() => { const c = document.getElementById("contours"); return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 60).length })()`
	all := eval[int](tb, "%s", ink)
	tb.click(tb.middle("#legend .entry:nth-child(1) .class"))
	tb.move(pixel{400, 20})
	tb.rest()
	if got := eval[int](tb, `zoetrope.stage.contours.sets`); got != 1 {
		t.Errorf("with a filter, %d classes have contours, want 1", got)
	}
	if one := eval[int](tb, "%s", ink); one == 0 || one >= all {
		t.Errorf("%d pixels of contours for one class, %d for all", one, all)
	}
}

// TestManySamples: 6,000 samples without labels or pictures are drawn, hovered and searched.
func TestManySamples(t *testing.T) {
	const n, dim = 6_000, 4
	store := servertest.NewStore(t)
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "many"})
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]tracker.Sample, n)
	for i := range samples {
		samples[i] = tracker.Sample{ID: fmt.Sprint("n", i), Metadata: map[string]any{"age": float64(i) / 100, "note": fmt.Sprint("a sentence about ", i)}}
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	for e := 1; e <= 3; e++ {
		v := make([]float32, n*dim)
		for i := range n {
			a := float64(i) * 2.399963 // a sunflower, turning
			r := math.Sqrt(float64(i))
			v[i*dim], v[i*dim+1] = float32(r*math.Cos(a+float64(e)/9)), float32(r*math.Sin(a+float64(e)/9))
		}
		servertest.LogEpoch(t, run, tracker.Epoch{Number: e, Layers: []tracker.Layer{{Name: "l", Dim: dim, Vectors: v}}})
	}
	tb := openTab(t, newServer(t, store, api.Options{}), "?colour=meta:age", 800, 560)
	tb.ready()
	if got := eval[string](tb, `zoetrope.model.viewstate.colourBy.kind + zoetrope.model.facts.columns.map((c) => c.key)`); got != "numberchange,moved,epoch,meta:age" {
		t.Errorf("columns: %s", got)
	}
	before := tb.uploaded()
	tb.press(kb.Home)
	tb.rest()
	tb.press(kb.End)
	tb.rest()
	if got := tb.uploaded() - before; got != 0 {
		t.Errorf("%d bytes were uploaded, want 0", got)
	}
	row := 5_990
	tb.move(tb.sample(row))
	tb.wait("it is hovered", fmt.Sprintf(`zoetrope.stage.hovered === %d && document.querySelector("#card").textContent.includes("Sample n%d")`, row, row), 2*time.Second)
	if got := tb.text("#card"); got != fmt.Sprintf("Sample n%da sentence about %dEpoch 3age: 59.90", row, row) {
		t.Errorf("the card says %q", got)
	}
	tb.press("/")
	tb.wait("the field has the focus", `document.activeElement.id === "search"`, time.Second)
	eval[chromedp.Void](tb, `document.getElementById("search").value = ""`)
	tb.press("about 1234")
	tb.press(kb.Enter)
	tb.rest()
	if got := len(tb.selected()); got != 1 {
		t.Errorf("%d samples are found", got)
	}
	for _, selector := range []string{"#matrix-panel", "#legend .class", "#labels span"} {
		if tb.visible(selector) {
			t.Errorf("%s is shown", selector)
		}
	}
}

// A ring is around a sample, in pixels of the stage.
type ring struct{ X, Y, R float64 }

// rings returns those that are shown, each of which must be where its sample is in its part of the stage.
func (tb *tab) rings(row int) []ring {
	tb.t.Helper()
	got := eval[[]ring](tb, `[...document.querySelectorAll("#rings > svg:not(.off)")].flatMap((s) => [...s.querySelectorAll("rect:not(.off)")].map((c) => {
		const n = (e, a) => +e.getAttribute(a), R = n(c, "width") / 2; return {X: n(s, "x") + n(c, "x") + R, Y: n(s, "y") + n(c, "y") + n(c, "height") / 2, R} }))`)
	want := eval[[]ring](tb, `zoetrope.stage.panes.map((_, i) => zoetrope.stage.positionOf(%d, i)).filter(Boolean).map(([X, Y]) => ({X, Y, R: 0}))`, row)
	if len(got) != len(want) {
		tb.t.Fatalf("%d rings, want %d", len(got), len(want))
	}
	for i, r := range got {
		if math.Hypot(r.X-want[i].X, r.Y-want[i].Y) > 0.2 {
			tb.t.Errorf("ring %d is at %v, want %v", i, r, want[i])
		}
	}
	return got
}

// TestRing: the sample that is pointed at has a ring in each part of the stage, without the map being drawn for it; that of
// the sample in focus goes with camera and epochs, and is on a picture that is saved.
func TestRing(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 960, 640)
	tb.ready()
	if tb.visible("#rings rect") {
		t.Error("there is a ring around nothing")
	}
	row := tb.lonely("i >= 0")
	tb.move(tb.sample(row))
	tb.wait("the card is there, and what it says", `!document.getElementById("card").hidden && document.querySelector("#card .verdict").textContent !== "…"`, time.Second)
	tb.rest()
	drawn := func() int { t.Helper(); return eval[int](tb, `zoetrope.counters.pictures`) }
	before := drawn()
	tb.move(pixel{400, 20})
	tb.wait("the ring is gone", `document.getElementById("card").hidden && document.querySelector("#rings rect:not(.off)").getClientRects().length === 0`, time.Second)
	tb.move(tb.sample(row))
	tb.wait("the ring is back", `!document.getElementById("card").hidden`, time.Second)
	tb.rest()
	if got := tb.rings(row); got[0].R < 5 || got[0].R > 9 {
		t.Errorf("the ring's radius is %v", got)
	}
	if got := drawn() - before; got != 0 {
		t.Errorf("pointing at a sample and away drew the map %d times, want 0", got)
	}
	fill := eval[string](tb, `document.querySelector("#rings rect").getAttribute("fill")`)
	if want := eval[string](tb, `zoetrope.model.viewstate.colour(%d, 4)`, row); fill != want {
		t.Errorf("the ring is around %s, want %s", fill, want)
	}
	tb.move(pixel{400, 20})
	eval[chromedp.Void](tb, `(zoetrope.model.viewstate.select([%d], "replace"), zoetrope.model.viewstate.setFocal(%d))`, row, row)
	for _, act := range []string{"playhead.seek(1)", "viewstate.setOptions({trails: false, pictures: false})", "playhead.seek(3)"} {
		eval[chromedp.Void](tb, `(zoetrope.model.%s, zoetrope.stage.draw(performance.now()))`, act)
		tb.rings(row)
	}
	small := tb.rings(row)[0].R
	for range 6 {
		tb.press("+")
	}
	tb.rest()
	if r := tb.rings(row)[0].R; r <= small {
		t.Errorf("from near, the ring's radius is %v, from far it was %v", r, small)
	}
	tb.press("0")
	tb.rest()

	// On paper it is part of the picture.
	img := tb.save("PNG").png(t)
	tb.rest()
	r := tb.rings(row)[0]
	head := img.Bounds().Dy() - eval[int](tb, `zoetrope.stage.view.height`)
	dark := 0
	for k := range 16 {
		a := float64(k) * math.Pi / 8
		c := color.NRGBAModel.Convert(img.At(int(r.X+r.R*math.Cos(a)), int(r.Y+r.R*math.Sin(a))+head)).(color.NRGBA)
		if max(c.R, c.G, c.B) < 110 {
			dark++
		}
	}
	if dark < 12 {
		t.Errorf("the saved picture has %d of 16 pixels of the ring", dark)
	}

	tb.press(kb.Escape) // the menu
	eval[chromedp.Void](tb, `(zoetrope.model.viewstate.setOptions({grid: true}), zoetrope.model.viewstate.setFocal(%d))`, row)
	tb.rest()
	if got := tb.rings(row); len(got) != 5 {
		t.Errorf("among 5 epochs there are %d rings", len(got))
	}
	before = drawn()
	at := eval[pixel](tb, `(() => { const r = document.getElementById("stage").getBoundingClientRect(), [x, y] = zoetrope.stage.positionOf(%d, 2); return {X: r.x + x, Y: r.y + y} })()`, row)
	tb.move(at)
	tb.wait("a sample of the grid is pointed at", `zoetrope.stage.hovered >= 0`, time.Second)
	tb.rest()
	tb.rings(eval[int](tb, `zoetrope.stage.hovered`))
	if got := drawn() - before; got != 0 {
		t.Errorf("pointing at a sample of a grid drew it %d times, want 0", got)
	}
	tb.move(pixel{400, 20})
	eval[chromedp.Void](tb, `(zoetrope.model.viewstate.setOptions({grid: false}), document.activeElement.blur())`)
	tb.press(kb.Escape)
	tb.wait("no ring is left", `zoetrope.resting && ![...document.querySelectorAll("#rings rect")].some((c) => c.getClientRects().length > 0)`, time.Second)
}
