package page_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestSelection: every way of selecting on the map names samples, not pixels, and scrubbing uploads nothing for them.
func TestSelection(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 1160, 700)
	tb.ready()
	a := tb.lonely("i > 0")
	b := tb.lonely(fmt.Sprintf("i > 0 && i !== %d", a))
	id := func(row int) string { return fmt.Sprint("s", row) }
	want := func(how string, ids ...string) {
		t.Helper()
		tb.rest()
		slices.SortFunc(ids, func(x, y string) int { return len(x)*1000 - len(y)*1000 + strings.Compare(x, y) })
		if got := tb.selected(); !slices.Equal(got, ids) {
			t.Fatalf("%s: %v is selected, want %v", how, got, ids)
		}
	}
	tb.click(tb.sample(a))
	want("a click", id(a))
	tb.wait("the samples come forward", `!document.getElementById("samples-panel").hidden`, time.Second)
	tb.do(chromedp.Do(tb.ctx, chromedp.MouseClickXY(tb.sample(b).X, tb.sample(b).Y, chromedp.ButtonModifiers(chromedp.ModifierShift))))
	want("a click with Shift", id(a), id(b))
	if got := tb.text("#table-title"); got != "2 samples selected" {
		t.Errorf("the table's title is %q", got)
	}

	// The samples stay selected while epochs pass, and nothing goes to the graphics card for it.
	tb.rest()
	before := tb.uploaded()
	for range 4 {
		tb.press(kb.ArrowLeft)
		tb.rest()
	}
	want("scrubbed to epoch 1", id(a), id(b))
	tb.press(kb.End)
	tb.rest()
	if got := tb.uploaded() - before; got != 0 {
		t.Errorf("%d bytes were uploaded while scrubbing with a selection, want 0", got)
	}

	tb.press("i")
	tb.rest()
	if got := tb.selected(); len(got) != 58 || slices.Contains(got, id(a)) {
		t.Errorf("inverted: %d samples", len(got))
	}
	tb.press("i")
	want("inverted twice", id(a), id(b))

	low, high := tb.corners()
	tb.dragWith(chromedp.ModifierAlt, tb.around(a)...) // no region: Alt and a drag move the map
	tb.press("0")
	tb.rest()
	want("the map was moved", id(a), id(b))
	tb.click(tb.middle("#tool-rectangle"))
	tb.drag(pixel{low.X, high.Y}, high, pixel{high.X, low.Y})
	tb.rest()
	if got := tb.selected(); len(got) != 60 {
		t.Errorf("a rectangle around all selects %d, want 60", len(got))
	}
	tb.press("l")
	tb.dragWith(chromedp.ModifierAlt, tb.around(a)...)
	tb.rest()
	if got := tb.selected(); len(got) != 59 || slices.Contains(got, id(a)) {
		t.Errorf("a lasso with Alt takes one away, and leaves %d", len(got))
	}
	tb.drag(tb.around(a)...)
	want("a lasso", id(a))
	tb.dragWith(chromedp.ModifierShift, tb.around(b)...)
	want("a lasso with Shift", id(a), id(b))
	tb.press("v")
	tb.press(kb.Escape)
	want("Escape")
	tb.do(chromedp.Do(tb.ctx, chromedp.KeyEvent("z", chromedp.KeyModifiers(chromedp.ModifierCtrl))))
	want("undone", id(a), id(b))
	tb.click(pixel{low.X - 12, high.Y + 12})
	want("a click on the ground")
	tb.dragWith(chromedp.ModifierShift, pixel{low.X, high.Y}, high, pixel{high.X, low.Y})
	tb.rest()
	if got := tb.selected(); len(got) != 60 {
		t.Errorf("a drag with Shift selects %d, want 60", len(got))
	}
}

// around returns a small square around a sample, closed.
func (tb *tab) around(row int) []pixel {
	tb.t.Helper()
	p := tb.sample(row)
	return []pixel{{p.X - 3, p.Y - 3}, {p.X + 3, p.Y - 3}, {p.X + 3, p.Y + 3}, {p.X - 3, p.Y + 3}, {p.X - 3, p.Y}}
}

// TestSelectionByName: the legend and the search field select, and Enter takes what was found.
func TestSelectionByName(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 1160, 700)
	tb.ready()
	tb.do(chromedp.Do(tb.ctx, chromedp.Focus(chromedp.CSS("#legend .entry:nth-child(2) .take"))))
	tb.press(kb.Enter)
	tb.rest()
	if got := tb.selected(); len(got) != 20 || got[0] != "s1" || got[1] != "s4" {
		t.Errorf("by the legend: %v", got)
	}
	tb.press("/")
	tb.wait("the field has the focus", `document.activeElement.id === "search"`, time.Second)
	eval[chromedp.Void](tb, `document.getElementById("search").value = ""`) // a tool's key press is two: one opens, one types
	tb.press("rank:7")
	tb.wait("it tells how many", `document.getElementById("search-take").textContent === "Select 6"`, time.Second) // 7, 17 … 57
	tb.press(kb.Enter)
	tb.rest()
	if got := tb.selected(); len(got) != 6 {
		t.Errorf("by metadata: %v", got)
	}
	eval[chromedp.Void](tb, `document.getElementById("search").value = ""`)
	tb.do(chromedp.Do(tb.ctx, chromedp.Focus(chromedp.CSS("#search"))))
	tb.press("s12")
	tb.press(kb.Enter)
	tb.rest()
	if got := tb.selected(); !slices.Equal(got, []string{"s12"}) {
		t.Errorf("by id: %v", got)
	}
}

// TestTable: the table has the selected samples, sorts them by how strangely they moved, and goes to a file.
func TestTable(t *testing.T) {
	server, store, run := shown(t)
	tb := openTab(t, server, "", 1160, 800)
	tb.ready()
	tb.click(tb.middle("#tab-samples"))
	tb.wait("without a selection it has all", `document.getElementById("table").getAttribute("aria-rowcount") === "61"`, time.Second)
	eval[chromedp.Void](tb, `zoetrope.model.viewstate.select([3, 4, 5, 6, 7, 8, 9, 10], "replace")`)
	changed := churn(t, store, run.ID(), 5)
	tb.wait("the changes are known", `zoetrope.model.facts.values("change", 4) !== null`, 2*time.Second)
	tb.click(tb.middle(`th[data-key="change"] button`))
	tb.rest()
	rows := eval[[]int](tb, `[...document.querySelectorAll("#table tr[data-row]")].map((r) => Number(r.dataset.row))`)
	want := []int{3, 4, 5, 6, 7, 8, 9, 10}
	slices.SortStableFunc(want, func(a, b int) int {
		if d := changed[b] - changed[a]; d > 1e-9 || d < -1e-9 {
			return int(1e6 * d)
		}
		return a - b
	})
	if !slices.Equal(rows, want) {
		t.Errorf("by change the rows are %v, want %v", rows, want)
	}
	if got, want := tb.text(fmt.Sprintf(`tr[data-row="%d"] .change`, rows[0])), fmt.Sprintf("%.0f %%", 100*changed[rows[0]]); got != want {
		t.Errorf("the first changed by %q, want %q", got, want)
	}
	if !eval[bool](tb, `document.querySelector("#table canvas.thumb").getContext("2d").getImageData(12, 12, 1, 1).data[0] >= 100`) {
		t.Error("the row has no picture")
	}
	records := eval[string](tb, `JSON.stringify(zoetrope.table.records())`)
	var list []map[string]any
	if err := json.Unmarshal([]byte(records), &list); err != nil {
		t.Fatal(err)
	}
	first := list[0]
	if len(list) != 8 || first["id"] != fmt.Sprint("s", rows[0]) || first["epoch"] != 5.0 || first["split"] != "test" || first["rank"] != float64(rows[0]) || first["loss"] != 0.25 {
		t.Errorf("%d records, the first is %v", len(list), first)
	}
	// By keyboard: down one row, and its neighbours open.
	tb.do(chromedp.Do(tb.ctx, chromedp.Focus(chromedp.CSS("#table-box"))))
	tb.press(kb.ArrowDown)
	tb.press(kb.ArrowDown)
	tb.press(kb.Enter)
	tb.rest()
	if got := eval[int](tb, `zoetrope.model.viewstate.focal`); got != rows[1] {
		t.Errorf("the sample in focus is %d, want %d", got, rows[1])
	}
}

// churn is 1 − the share of 15 neighbours that a row has at an epoch and at the one before.
func churn(t *testing.T, store *tracker.Store, run string, epoch int) []float64 {
	t.Helper()
	near := func(e int) *projector.Neighborhoods {
		n, err := projector.FindNeighborhoods(t.Context(), store, run, "fc1", e, "euclidean", 15)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	a, b := near(epoch-1), near(epoch)
	out := make([]float64, len(a.Samples))
	for i := range out {
		shared := 0
		for _, r := range b.Near[i*15 : (i+1)*15] {
			if slices.Contains(a.Near[i*15:(i+1)*15], r) {
				shared++
			}
		}
		out[i] = 1 - float64(shared)/15
	}
	return out
}

// TestNear: the sample in focus has its neighbours of this epoch listed and drawn, and those that are new or gone.
func TestNear(t *testing.T) {
	server, store, run := shown(t)
	tb := openTab(t, server, "?epoch=3&select=c", 1160, 700)
	tb.ready()
	if got := tb.selected(); !slices.Equal(got, []string{"s12"}) {
		t.Fatalf("the address selects %v", got)
	}
	near, err := projector.FindNeighborhoods(t.Context(), store, run.ID(), "fc1", 3, "euclidean", 15)
	if err != nil {
		t.Fatal(err)
	}
	before, err := projector.FindNeighborhoods(t.Context(), store, run.ID(), "fc1", 2, "euclidean", 15)
	if err != nil {
		t.Fatal(err)
	}
	var want []int
	fresh := 0
	for _, r := range near.Near[12*15 : 13*15] {
		want = append(want, int(r))
		if !slices.Contains(before.Near[12*15:13*15], r) {
			fresh++
		}
	}
	tb.wait("its neighbours are there", `document.querySelectorAll("ol.near:not(.gone) .tile").length === 15`, 2*time.Second)
	tb.rest()
	if got := eval[[]int](tb, `[...document.querySelectorAll("ol.near:not(.gone) .tile")].map((e) => Number(e.dataset.row))`); !slices.Equal(got, want) {
		t.Errorf("listed are %v, want %v", got, want)
	}
	if got := eval[[]int](tb, `document.getElementById("links").dataset.rows.split(" ").map(Number)`); !slices.Equal(got, want) {
		t.Errorf("drawn are %v, want %v", got, want)
	}
	if got := eval[[]int](tb, `[document.querySelectorAll(".tile.fresh").length, document.querySelectorAll(".near.gone .tile").length]`); !slices.Equal(got, []int{fresh, fresh}) {
		t.Errorf("new and gone are %v, want %d each", got, fresh)
	}
	tb.click(tb.middle("ol.near li:first-child .tile"))
	tb.rest()
	if got := eval[int](tb, `zoetrope.model.viewstate.focal`); got != want[0] {
		t.Errorf("a click on a neighbour goes to %d, want %d", got, want[0])
	}
}

// TestFilter: what was logged and metadata filter the map, at each epoch or at one.
func TestFilter(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "?colour=correct", 1160, 700)
	tb.ready()
	tb.wait("the colours are known", `document.querySelectorAll("#legend .entry").length === 2`, 2*time.Second)
	tb.click(tb.middle("#legend .entry:nth-child(2) .class")) // wrong
	tb.move(pixel{400, 20})
	tb.rest()
	shown := func() int {
		t.Helper()
		return eval[int](tb, `zoetrope.model.viewstate.hidden(zoetrope.model.playhead.nearest).filter((h) => !h).length`)
	}
	if got := shown(); got != 1 {
		t.Errorf("%d samples are shown, want the one that is wrong", got)
	}
	if got := tb.text("#filters"); !strings.Contains(got, "Right or wrong: wrong") || !strings.Contains(got, "at each epoch") {
		t.Errorf("the filter says %q", got)
	}
	tb.press(kb.ArrowLeft)
	tb.rest()
	tb.click(tb.middle("#filters .pin")) // keeps it at the epoch that is looked at now
	tb.rest()
	if got := tb.query(); !strings.Contains(got, "filter=correct@4~wrong") || !strings.Contains(got, "colour=correct") {
		t.Errorf("the address is %s", got)
	}
	tb.click(tb.middle("#filters .pin"))
	tb.wait("it is asked for at all epochs", `document.querySelector("#filters .pin").textContent === "at all epochs" && zoetrope.model.numbers.every((_, i) => zoetrope.model.facts.values("correct", i))`, 2*time.Second)
	tb.rest()
	if got := shown(); got != 1 {
		t.Errorf("%d samples are wrong at all epochs, want 1", got)
	}
	tb.click(tb.middle("#show-all"))
	eval[chromedp.Void](tb, `zoetrope.model.viewstate.setColour("meta:rank")`)
	tb.rest()
	box := eval[struct{ X, Y, W float64 }](tb, `(() => { const r = document.querySelector(".brushing").getBoundingClientRect(); return {X: r.x, Y: r.y + 20, W: r.width} })()`)
	tb.drag(pixel{box.X + box.W/2, box.Y}, pixel{box.X + box.W*0.7, box.Y}, pixel{box.X + box.W - 1, box.Y})
	tb.rest()
	if got := shown(); got < 28 || got > 31 {
		t.Errorf("%d samples are in the upper half of the ranks", got)
	}
	if got := eval[float64](tb, `zoetrope.model.viewstate.conditions[0].range[0]`); got < 28 || got > 31 {
		t.Errorf("the range begins at %g", got)
	}
}

// TestForeignFilter: a link to another run, with a filter by what this one does not have, or not at this epoch, hides
// nothing and waits for nothing.
func TestForeignFilter(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(60, "0", "1", "2")
	run := tr.Log(t, store, "cnn", 3)
	servertest.Project(t, store, run.ID(), 2)
	servertest.LogEpoch(t, run, tr.Epoch(4)) // not on the map: nobody's place there can be trusted
	tb := openTab(t, newServer(t, store, api.Options{}), "?filter=meta:nope~x;correct@99~wrong;trust!~0~0.1", 1160, 700)
	tb.ready()
	tb.click(tb.middle("#tab-samples"))
	tb.wait("nothing is hidden", `document.getElementById("table-title").textContent === "All 60 samples" && !document.querySelector("#table-actions button[title*=Select]").disabled`, 3*time.Second)
	if got := eval[int](tb, `document.querySelectorAll("#filters .chip").length`); got != 3 {
		t.Errorf("%d filters are said, want 3", got)
	}
	tb.press("i")
	tb.rest()
	if got := len(tb.selected()); got != 60 {
		t.Errorf("%d samples are selected, want all", got)
	}
}

// TestAddress: a link has the whole view.
func TestAddress(t *testing.T) {
	server, _, run := shown(t)
	tb := openTab(t, server, "", 1160, 700)
	tb.ready()
	eval[chromedp.Void](tb, `(() => { const c = zoetrope.model.viewstate; c.select([1, 2, 3, 40], "replace"); c.setColour("loss");
		c.setConditions([{column: "meta:rank", epoch: null, range: [0, 50]}]); c.setOptions({size: 1.5, ghost: true}) })()`)
	tb.press(kb.Home)
	tb.press("+")
	tb.rest()
	state := func() string {
		t.Helper()
		return eval[string](tb, `JSON.stringify([zoetrope.model.viewstate.selected, zoetrope.model.viewstate.colourBy?.key, zoetrope.model.viewstate.conditions, zoetrope.model.viewstate.options,
			Object.values(zoetrope.stage.camera).map((v) => +v.toFixed(3)), zoetrope.model.numbers[zoetrope.model.playhead.nearest]])`)
	}
	before := state()
	tb.rest()
	query := eval[string](tb, `location.search`)
	q, err := url.ParseQuery(strings.TrimPrefix(query, "?"))
	if err != nil {
		t.Fatal(err)
	}
	if q.Get("run") != run.ID() || q.Get("epoch") != "1" || q.Get("select") != "1-2.11" || q.Get("colour") != "loss" || q.Get("view") != "size1.5 ghost" {
		t.Errorf("the address is %s", query)
	}
	tb.do(chromedp.Do(tb.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(server.URL+"/"+query)))
	tb.wait("the page has started", `!!window.zoetrope && zoetrope.model.runs !== null`, 10*time.Second)
	tb.ready()
	tb.wait("its colours are known", `zoetrope.model.viewstate.colourBy?.key === "loss"`, 2*time.Second)
	if after := state(); after != before {
		t.Errorf("the link shows\n%s\nnot\n%s", after, before)
	}
}

// TestMarking: a few selected samples are larger than before; where most are selected, they keep their size.
func TestMarking(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 960, 640)
	tb.ready()
	eval[chromedp.Void](tb, `zoetrope.model.viewstate.setOptions({trails: false, ground: false})`)
	row := tb.lonely("i >= 0")
	// width is how many pixels of the row through the middle of a sample are its own, rim included.
	width := func(rows string) int {
		t.Helper()
		eval[chromedp.Void](tb, `zoetrope.model.viewstate.select(%s, "replace")`, rows)
		tb.rest()
		return eval[int](tb, `(() => { zoetrope.stage.draw(performance.now()); const c = document.createElement("canvas"), map = document.getElementById("map");
			c.width = map.width; c.height = map.height; const g = c.getContext("2d"); g.drawImage(map, 0, 0);
			const [x, y] = zoetrope.stage.positionOf(%d).map(Math.round);
			return g.getImageData(x - 12, y, 24, 1).data.filter((v, i) => i %% 4 === 3 && v > 100).length })()`, row)
	}
	none, few, most := width("[]"), width(fmt.Sprint("[", row, "]")), width(`zoetrope.model.samples.ids.map((_, i) => i).filter((i) => i !== 1 && i !== 2 || i === `+fmt.Sprint(row)+`)`)
	if few < none+2 || most > none || none < 4 {
		t.Errorf("a point is %d pixels wide, %d among few that are selected, %d among most", none, few, most)
	}
}
