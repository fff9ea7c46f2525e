package page_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/access"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// making returns a server whose page may make maps, with a run on one map.
func making(t *testing.T) (*httptest.Server, *tracker.Store, *tracker.Run) {
	t.Helper()
	store := servertest.NewStore(t)
	run := servertest.NewTraining(60, "0", "1", "2").Log(t, store, "cnn", 4)
	servertest.Project(t, store, run.ID(), 2)
	return newServer(t, store, api.Options{Projections: true}), store, run
}

// fill puts a value into a field of the form for a new map.
func (tb *tab) fill(field, value string) {
	tb.t.Helper()
	eval[chromedp.Void](tb, `(() => { const e = document.getElementById("map-%s"); e.focus(); e.value = %s; e.dispatchEvent(new Event("input")); e.dispatchEvent(new Event("change")) })()`, field, quote(value))
}

// maps returns what the list of maps says: the title and settings of each.
func (tb *tab) maps() []string {
	tb.t.Helper()
	return eval[[]string](tb, `[...document.querySelectorAll("#maps-list .pick")].map((e) => e.querySelector("b").textContent + ": " + e.querySelector("span").textContent)`)
}

// TestMakeMap: a new map is asked for with fields that say what they take, told about while it is made, and shown when it is
// there; the selection, the epoch and the camera stay.
func TestMakeMap(t *testing.T) {
	server, store, run := making(t)
	tb := openTab(t, server, "?epoch=2&select=1-3", 1160, 800)
	tb.ready()
	first, chosen := eval[string](tb, `zoetrope.model.shown`), tb.selected()
	tb.wait("maps may be made", `!document.getElementById("maps-new").hidden`, 3*time.Second)
	tb.do(chromedp.Do(tb.ctx, chromedp.Focus(chromedp.CSS("#map-kind"))))
	tb.press(kb.Enter)
	tb.press(kb.End)
	tb.press(kb.Enter) // New map…
	tb.wait("the form is there", `!document.getElementById("maps-form").hidden && document.activeElement.id === "map-mode"`, 3*time.Second)
	asked := slices.DeleteFunc(projector.Settings(), func(s projector.Setting) bool { return !s.Form })
	if got := eval[int](tb, `document.querySelectorAll("#maps-form .field").length`); got != len(asked) {
		t.Errorf("%d fields, want %d, one for each setting that a form asks for", got, len(asked))
	}
	if got := tb.text("#map-n_neighbors-hint"); !strings.HasPrefix(got, "2 to 1,000, usually 15") {
		t.Errorf("the neighbours' hint is %q", got)
	}
	if got := eval[string](tb, `document.getElementById("map-n_neighbors").value`); got != "8" {
		t.Errorf("the form begins with %s neighbours, want the map's own, 8", got)
	}

	// What is wrong is said beside its field, and nothing is sent.
	for field, value := range map[string]string{"n_neighbors": "1", "min_dist": "far", "n_epochs": "2.5", "seed": ""} {
		tb.fill(field, value)
		if got := tb.text("#map-" + field + "-error"); got == "" || !eval[bool](tb, `document.getElementById("map-%s").getAttribute("aria-invalid") === "true"`, field) {
			t.Errorf("%s = %q is taken", field, value)
		}
	}
	tb.fill("min_dist", "0.5")
	tb.fill("n_epochs", "25")
	tb.fill("seed", "7")
	tb.press(kb.Enter)
	tb.rest()
	if got := eval[string](tb, `document.activeElement.id`); got != "map-n_neighbors" || eval[int](tb, `zoetrope.model.mapJobs.jobs.length`) != 0 {
		t.Errorf("with a field that is wrong, the focus is at %s", got)
	}
	tb.fill("n_neighbors", "5")
	if tb.text("#map-n_neighbors-error") != "" {
		t.Error("what is mended is still wrong")
	}
	tb.press(kb.Enter)
	tb.wait("the new map is shown", fmt.Sprintf(`zoetrope.model.shown !== %q && zoetrope.model.projections.length === 2`, first), 30*time.Second)
	tb.ready()
	list, err := projector.List(t.Context(), store, run.ID())
	if err != nil || len(list) != 2 {
		t.Fatalf("%d maps, %v", len(list), err)
	}
	made := list[0]
	if o := made.Options; o.NNeighbors != 5 || o.MinDist != 0.5 || o.NEpochs != 25 || o.Seed != 7 || o.Mode != "balanced" {
		t.Errorf("the new map has %+v", o)
	}
	if got := eval[string](tb, `zoetrope.model.shown`); got != made.ID {
		t.Errorf("map %s is shown, want %s", got, made.ID)
	}
	if got := tb.selected(); len(got) == 0 || !slices.Equal(got, chosen) || tb.epoch() != "2" {
		t.Errorf("at epoch %s %v are selected", tb.epoch(), got)
	}
	if got := tb.query(); !strings.Contains(got, "projection="+made.ID) || !strings.Contains(got, "select=1-3") {
		t.Errorf("the address is %s", got)
	}
	tb.wait("it is said", `document.getElementById("maps-news").textContent === "The new map is there."`, time.Second)
	if got := tb.maps(); len(got) != 3 || !strings.HasPrefix(got[0], "UMAP: balanced · 5 neighbours · min dist 0.5") || !strings.HasPrefix(got[2], "PCA") {
		t.Errorf("maps %q", got)
	}
	if tb.visible("#making") || tb.visible("#maps-form") {
		t.Error("the form or the progress stay")
	}

	// Back to the first, by the list.
	tb.press(kb.Escape) // lets the selection go, and the tab of the run is in front
	tb.click(tb.middle(fmt.Sprintf(`#maps-list [data-key="show %s"]`, first)))
	tb.wait("the first map is back", fmt.Sprintf(`zoetrope.model.shown === %q`, first), 3*time.Second)
	tb.ready()
	if got := tb.query(); !strings.Contains(got, "projection="+first) {
		t.Errorf("the address is %s", got)
	}
	address := tb.address()
	tb.do(chromedp.Do(tb.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(address)))
	tb.wait("the page has started", `!!window.zoetrope && zoetrope.model.runs !== null`, 10*time.Second)
	tb.ready()
	if got := eval[string](tb, `zoetrope.model.shown`); got != first || tb.epoch() != "2" {
		t.Errorf("by its address map %s is shown at epoch %s", got, tb.epoch())
	}
}

// TestCancelMap: one map is made and one waits; both are cancelled, and a page that is opened meanwhile knows of them.
func TestCancelMap(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(300, "0", "1").Log(t, store, "cnn", 4)
	server := newServer(t, store, api.Options{Projections: true})
	tb := openTab(t, server, "", 1160, 800)
	tb.ready()
	tb.wait("maps may be made", `!document.getElementById("maps-new").hidden`, 3*time.Second)
	for range 2 {
		tb.click(tb.middle("#maps-new"))
		tb.wait("the form is there", `document.activeElement.id === "map-mode"`, 3*time.Second)
		tb.fill("n_epochs", "10000")
		tb.press(kb.Enter)
		tb.wait("the form is gone", `document.getElementById("maps-form").hidden`, 3*time.Second)
	}
	tb.wait("one is made and one waits", `[...document.querySelectorAll("#maps-jobs .said")].map((e) => e.textContent.split(",")[0]).join() === "waiting,layout"`, 20*time.Second)
	tb.wait("it goes on", `Number(document.querySelector("#maps-jobs li:last-child progress").value) > 0`, 20*time.Second)
	if got := tb.text("#making"); !strings.HasPrefix(got, "New map: layout") || !strings.HasSuffix(got, ", 1 more") {
		t.Errorf("over the map it says %q", got)
	}
	tb.do(chromedp.Do(tb.ctx, chromedp.Reload()))
	tb.wait("the page that is loaded again knows them", `document.querySelectorAll("#maps-jobs li").length === 2`, 10*time.Second)
	tb.click(tb.middle("#maps-jobs li:first-child button"))
	tb.wait("the one that waited is gone", `document.querySelectorAll("#maps-jobs li").length === 1`, 5*time.Second)
	tb.click(tb.middle("#maps-jobs button"))
	tb.wait("the other one is gone", `document.querySelectorAll("#maps-jobs li").length === 0 && document.getElementById("making").hidden`, 20*time.Second)
	if list, err := projector.List(t.Context(), store, run.ID()); err != nil || len(list) != 0 {
		t.Errorf("%d maps are left, %v", len(list), err)
	}
	if got := eval[string](tb, `document.getElementById("trouble").textContent`); got != "" {
		t.Errorf("it says %q", got)
	}
}

// TestMapRefused: what only the server can know is said beside the field that it names, or below the form; and what goes wrong
// later stays until it is dismissed.
func TestMapRefused(t *testing.T) {
	server, _, _ := making(t)
	tb := openTab(t, server, "", 1160, 800)
	tb.expected = append(tb.expected, "status of 400")
	tb.ready()
	tb.wait("maps may be made", `!document.getElementById("maps-new").hidden`, 3*time.Second)
	tb.click(tb.middle("#maps-new"))
	tb.wait("the form is there", `document.activeElement.id === "map-mode"`, 3*time.Second)
	eval[chromedp.Void](tb, `(() => { const s = document.getElementById("map-metric"), o = document.createElement("option"); o.value = "taxi<b>"; s.append(o) })()`)
	tb.fill("metric", "taxi<b>")
	tb.click(tb.middle("#maps-form [type=submit]"))
	tb.wait("the server's words are beside the field", `document.getElementById("map-metric-error").textContent.startsWith('there is no metric "taxi<b>": want euclidean')`, 5*time.Second)
	if got := eval[string](tb, `document.activeElement.id`); got != "map-metric" {
		t.Errorf("the focus is at %s", got)
	}
	tb.accessible(axe(t))
	tb.fill("metric", "cosine")
	tb.fill("pca", "50") // the layer has six columns
	tb.click(tb.middle("#maps-form [type=submit]"))
	tb.wait("it failed", `document.querySelector("#maps-jobs .failed .said")?.textContent.includes("pca = 50")`, 20*time.Second)
	tb.accessible(axe(t))
	tb.click(tb.middle("#maps-jobs .failed button"))
	tb.wait("it is dismissed", `document.querySelectorAll("#maps-jobs li").length === 0`, time.Second)
}

// names returns the names of classes that are wholly between two places from left to right of the stage, and where they are.
func (tb *tab) names(from, to float64) map[string]float64 {
	tb.t.Helper()
	return eval[map[string]float64](tb, `(() => { const x = document.getElementById("stage").getBoundingClientRect().x;
		return Object.fromEntries([...document.querySelectorAll("#labels span:not(.off)")].map((e) => [e.textContent, e.getBoundingClientRect()])
			.filter(([, r]) => r.width > 0 && r.left - x >= %g && r.right - x <= %g).map(([n, r]) => [n, r.left + r.width / 2 - x])) })()`, from, to)
}

// TestCompareMaps: two maps of a run beside each other, at one epoch, brushed together, with their measures; and they change
// places.
func TestCompareMaps(t *testing.T) {
	server, store, run := making(t)
	first := projectionOf(t, store, run.ID()).Info().ID
	o := projector.Defaults()
	o.NNeighbors, o.NEpochs, o.MinDist = 20, 30, 0.4
	second, err := projector.Project(context.WithoutCancel(t.Context()), store, []string{run.ID()}, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	tb := openTab(t, server, "?epoch=3&projection="+second.Info().ID, 1160, 800)
	tb.ready()
	tb.click(tb.middle(fmt.Sprintf(`#maps-list [data-key="beside %s"]`, first)))
	tb.wait("the other map is there", `zoetrope.stage.panes.length === 2`, 5*time.Second)
	tb.rest()
	if got := eval[[]string](tb, `[...document.querySelectorAll("#captions span:not([hidden])")].map((e) => e.textContent)`); !slices.Equal(got, []string{"20 neighbours · min dist 0.4 · epoch 3", "8 neighbours · min dist 0.1 · epoch 3"}) {
		t.Errorf("captions %v", got)
	}
	if got := tb.query(); !strings.Contains(got, "projection="+second.Info().ID) || !strings.Contains(got, "compare="+first) {
		t.Errorf("the address is %s", got)
	}
	// Each class has its name on both maps, where that map has it.
	middle := eval[float64](tb, `zoetrope.stage.panes[1].x`)
	left, right := tb.names(0, middle), tb.names(middle, 2*middle)
	if all := eval[int](tb, `document.querySelectorAll("#labels span:not(.off)").length`); len(left) == 0 || len(right) == 0 || len(left)+len(right) != all {
		t.Errorf("names on the left map: %v, on the right one: %v; want all %d on one of them", left, right, all)
	}
	for name, at := range right {
		if was, ok := left[name]; ok && math.Abs(at-middle-was) < 0.5 {
			t.Errorf("%s is at %.1f on both maps, which are not the same", name, was)
		}
	}
	// The same camera, epoch and colours; a sample of the other map is where that map has it, and a rectangle there selects.
	at := eval[pixel](tb, `(() => { const r = document.getElementById("stage").getBoundingClientRect(), [x, y] = zoetrope.stage.positionOf(7, 1); return {X: r.x + x, Y: r.y + y} })()`)
	tb.move(at)
	tb.rest()
	row := eval[int](tb, `zoetrope.stage.hovered`)
	if got := tb.text("#card .details"); row < 0 || !strings.Contains(got, fmt.Sprintf("Sample s%d · epoch 3", row)) {
		t.Errorf("over the other map the card of %d says %q", row, got)
	}
	tb.dragWith(chromedp.ModifierShift, pixel{at.X - 9, at.Y - 9}, pixel{at.X, at.Y}, pixel{at.X + 9, at.Y + 9})
	tb.rest()
	if got := tb.selected(); !slices.Contains(got, "s7") {
		t.Errorf("a rectangle on the other map selects %v", got)
	}
	tb.press(kb.Escape)
	tb.press(kb.ArrowLeft)
	tb.rest()
	if got := tb.text("#captions"); strings.Count(got, "epoch 2") != 2 {
		t.Errorf("one epoch back, the captions are %q", got)
	}
	// A picture of both has the names of both, and the legend.
	_, words := tb.save("SVG").svg(t)
	left, right = tb.names(0, middle), tb.names(middle, 2*middle)
	for _, name := range []string{"0", "1", "2"} {
		want := 1
		for _, names := range []map[string]float64{left, right} {
			if _, ok := names[name]; ok {
				want++
			}
		}
		if got := len(slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w != name })); got != want {
			t.Errorf("the picture has %q %d times, want %d: %q", name, got, want, words)
		}
	}
	// Over each other, or at all epochs, maps have no names.
	for _, view := range []string{"overlay", "grid"} {
		eval[chromedp.Void](tb, `zoetrope.model.viewstate.setOptions({%s: true})`, view)
		tb.rest()
		if got := tb.names(-1e9, 1e9); len(got) > 0 {
			t.Errorf("names on the %s: %v", view, got)
		}
		eval[chromedp.Void](tb, `zoetrope.model.viewstate.setOptions({%s: false})`, view)
		tb.rest()
	}
	q, err := second.Quality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tb.wait("the measures are there", `!document.getElementById("quality-beside").hidden && !document.getElementById("quality-beside").textContent.includes("–")`, 10*time.Second)
	if got := tb.text("#quality-beside thead"); got != "20 neighbours · min dist 0.48 neighbours · min dist 0.1" {
		t.Errorf("the table is of %q", got)
	}
	var trust float64
	for _, e := range q.Epochs {
		if e.Epoch == 2 {
			trust = *e.Trustworthiness
		}
	}
	if got, want := tb.text("#quality-beside tbody tr:first-child"), "Trustworthiness, epoch 2"+figure(trust); !strings.HasPrefix(got, want) {
		t.Errorf("the table says %q, want %q", got, want)
	}
	// They change places.
	tb.click(tb.middle(fmt.Sprintf(`#maps-list [data-key="show %s"]`, first)))
	tb.wait("they have changed places", fmt.Sprintf(`zoetrope.model.shown === %q && zoetrope.model.other?.wanted === %q && zoetrope.stage.panes.length === 2`, first, second.Info().ID), 5*time.Second)
	tb.rest()
	address := tb.address()
	tb.do(chromedp.Do(tb.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(address)))
	tb.wait("by its address both are there", fmt.Sprintf(`window.zoetrope?.model.shown === %q && zoetrope.model.other?.wanted === %q && zoetrope.stage.panes.length === 2`, first, second.Info().ID), 10*time.Second)
	// The plane of the provisional map stands beside it, too; and nothing, in the end.
	tb.click(tb.middle(`#maps-list [data-key="beside provisional"]`))
	tb.wait("the plane is there", `zoetrope.model.other?.wanted === "provisional" && zoetrope.stage.panes.length === 2`, 5*time.Second)
	tb.click(tb.middle(`#maps-list [data-key="beside provisional"]`))
	tb.wait("it is gone", `zoetrope.model.other === null && zoetrope.stage.panes.length === 1`, 5*time.Second)
	tb.rest()
	if got := tb.query(); strings.Contains(got, "compare") {
		t.Errorf("the address is %s", got)
	}
}

// TestDeleteMap: a map is deleted after a question, and the page shows another; Escape keeps it.
func TestDeleteMap(t *testing.T) {
	server, store, run := making(t)
	first := projectionOf(t, store, run.ID()).Info().ID
	second := servertest.Project(t, store, run.ID(), 2).Info().ID
	tb := openTab(t, server, "?projection="+second+"&compare="+first, 1160, 800)
	tb.ready()
	tb.wait("maps may be deleted", `document.querySelectorAll("#maps-list .square").length === 2`, 3*time.Second)
	ask := func(id string) {
		t.Helper()
		tb.click(tb.middle(fmt.Sprintf(`#maps-list [data-key="delete %s"]`, id)))
		tb.wait("it asks",
			`document.querySelector("#maps-list .asking p")?.textContent.includes("for good?") && document.activeElement.className.includes("keep")`, time.Second)
	}
	ask(first)
	tb.press(kb.Escape)
	tb.wait("it is kept", fmt.Sprintf(`!document.querySelector("#maps-list .asking") && document.activeElement.dataset.key === "delete %s"`, first), time.Second)
	if list, err := projector.List(t.Context(), store, run.ID()); err != nil || len(list) != 2 {
		t.Fatalf("%d maps, %v", len(list), err)
	}
	ask(second)
	tb.click(tb.middle("#maps-list .bad"))
	tb.wait("the other one is shown", fmt.Sprintf(`zoetrope.model.shown === %q && zoetrope.model.projections.length === 1 && zoetrope.model.other === null`, first), 5*time.Second)
	tb.ready()
	if got := tb.query(); strings.Contains(got, second) || strings.Contains(got, "compare") {
		t.Errorf("the address is %s", got)
	}
	if list, err := projector.List(t.Context(), store, run.ID()); err != nil || len(list) != 1 || list[0].ID != first {
		t.Errorf("maps %v, %v", list, err)
	}
	ask(first)
	tb.click(tb.middle("#maps-list .bad"))
	tb.wait("the plane is shown", `zoetrope.model.shown === "provisional"`, 5*time.Second)
	tb.ready()
}

// TestReadOnlyMaps: where nothing may be made, nothing of it is there; what there is can be looked at and compared.
func TestReadOnlyMaps(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(40, "0", "1").Log(t, store, "cnn", 2)
	servertest.Project(t, store, run.ID(), 2)
	secret, err := access.NewToken(token, access.Read)
	if err != nil {
		t.Fatal(err)
	}
	reader := api.New(store, api.Options{Projections: true, MayProject: func(r *http.Request) bool { return access.Permits(r)&access.Log != 0 }})
	guard, err := access.New(page.New(reader, page.Options{}), access.Options{Tokens: []access.Token{secret}})
	if err != nil {
		t.Fatal(err)
	}
	guarded := httptest.NewServer(guard)
	t.Cleanup(func() {
		reader.Close()
		guarded.Close()
	})
	for name, c := range map[string]struct {
		server *httptest.Server
		query  string
	}{
		"a server that only reads":   {newServer(t, store, api.Options{ReadOnly: true}), ""},
		"a token that permits reads": {guarded, "login#token=" + token},
	} {
		t.Run(name, func(t *testing.T) {
			tb := openTab(t, c.server, c.query, 1160, 800)
			tb.ready()
			tb.wait("the page listens", `zoetrope.model.connected && zoetrope.greeted`, 5*time.Second)
			for _, selector := range []string{"#maps-new", "#maps-form", "#maps-list .square", "#making", "#maps-jobs li"} {
				if tb.visible(selector) {
					t.Errorf("%s is shown", selector)
				}
			}
			if got := eval[string](tb, `[...document.querySelectorAll("#map-kind + .menu .title")].map((e) => e.textContent).join()`); got != "UMAP,PCA" {
				t.Errorf("the menu has %s", got)
			}
			if got := eval[int](tb, `document.querySelectorAll("#maps-list .pick").length`); got != 2 {
				t.Errorf("%d maps can be shown", got)
			}
		})
	}
}
