package page_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A kind is a sort of data that somebody may log.
type kind struct {
	name     string
	n        int
	epochs   int
	dims     int // of the map; 0: it stays provisional
	label    func(i int) string
	metadata func(i int) map[string]any
	outputs  bool
	without  func(epoch, i int) bool // samples that an epoch lacks
	layers   bool
	// What the page makes of it.
	entries int  // of the legend; -1 is a scale
	classes bool // there are measures of classes
}

const longName = "Lepidochelys kempii, a turtle with a very long name that no legend was made for, seen from the side"

var kinds = []kind{
	{name: "unlabelled", n: 120, epochs: 3, dims: 2, layers: true},
	{name: "one-class", entries: 1, n: 120, epochs: 3, dims: 2, label: func(int) string { return "cat" }, outputs: true, layers: true},
	{name: "continuous", entries: -1, n: 240, epochs: 3, dims: 2, label: func(i int) string { return fmt.Sprintf("%.3f", 20+0.37*float64(i)) }, layers: true},
	{name: "years", entries: -1, n: 240, epochs: 3, dims: 2, label: func(i int) string { return fmt.Sprint(1900 + i%120) }, layers: true},
	{name: "numbered", entries: 100, classes: true, n: 400, epochs: 2, dims: 2, label: func(i int) string { return fmt.Sprint(i % 100) }, outputs: true, layers: true},
	{name: "metadata", n: 160, epochs: 3, dims: 2, layers: true, metadata: func(i int) map[string]any {
		m := map[string]any{"age": 18 + float64(i)*0.31, "text": fmt.Sprintf("sentence %d: %s", i, strings.Repeat("and so on ", 40)), "source": []string{"web", longName, "日本語のとても長い名前"}[i%3], strings.Repeat("long key ", 12): i % 2}
		if i%4 == 0 {
			delete(m, "age")
		}
		return m
	}},
	{name: "long-labels", entries: 6, classes: true, n: 120, epochs: 3, dims: 2, label: func(i int) string { return fmt.Sprint(longName, " ", i%6) }, outputs: true, layers: true},
	{name: "gaps", entries: 3, classes: true, n: 120, epochs: 4, dims: 2, label: func(i int) string { return []string{"a", "b", ""}[i%3] }, layers: true,
		without: func(epoch, i int) bool { return (epoch+i)%4 == 0 || epoch == 2 && i%2 == 0 }},
	{name: "one-epoch", entries: 3, classes: true, n: 120, epochs: 1, dims: 2, label: func(i int) string { return string(rune('a' + i%3)) }, outputs: true, layers: true},
	{name: "space", entries: 3, classes: true, n: 120, epochs: 3, dims: 3, label: func(i int) string { return string(rune('a' + i%3)) }, layers: true},
	{name: "no-layer", entries: 2, n: 40, epochs: 3, label: func(i int) string { return string(rune('a' + i%2)) }, outputs: true},
	{name: "provisional", entries: 3, n: 120, epochs: 3, label: func(i int) string { return string(rune('a' + i%3)) }, layers: true},
	{name: "hundred", entries: 100, classes: true, n: 600, epochs: 2, dims: 2, label: func(i int) string { return fmt.Sprintf("species %02d", i%100) }, outputs: true, layers: true},
	{name: "thousand", entries: 200, classes: true, n: 2000, epochs: 2, dims: 2, label: func(i int) string { return fmt.Sprintf("synset n%05d", i%1000) }, outputs: true, layers: true},
}

// log makes a run of a kind.
func (k kind) log(t *testing.T, store *tracker.Store) *tracker.Run {
	t.Helper()
	const dim = 6
	run, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "kinds", Name: k.name})
	if err != nil {
		t.Fatal(err)
	}
	tr := servertest.NewTraining(k.n, "")
	samples := make([]tracker.Sample, k.n)
	for i := range samples {
		samples[i].ID = fmt.Sprint("s", i)
		if k.label != nil {
			samples[i].Label = k.label(i)
			tr.Labels[i] = samples[i].Label
		}
		if k.metadata != nil {
			samples[i].Metadata = k.metadata(i)
		}
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	for e := 1; e <= k.epochs; e++ {
		epoch := tr.Epoch(e)
		epoch.Layers[0].Vectors = append([]float32(nil), tr.Vectors...)
		l := &epoch.Layers[0]
		for i := range k.n { // neighbours in number are neighbours in space, the more so the longer it trains
			a := 2 * math.Pi * float64(i) / float64(k.n)
			l.Vectors[i*dim] += float32(4 * float64(e) * math.Cos(a))
			l.Vectors[i*dim+1] += float32(4 * float64(e) * math.Sin(a))
			l.Vectors[i*dim+2+i%3] += float32(2 * e)
		}
		if k.without != nil {
			l.IDs = nil
			kept := l.Vectors[:0]
			for i := range k.n {
				if !k.without(e, i) {
					l.IDs = append(l.IDs, samples[i].ID)
					kept = append(kept, l.Vectors[i*dim:(i+1)*dim]...)
				}
			}
			l.Vectors = kept
		}
		if !k.outputs {
			epoch.Outputs = nil
		}
		if !k.layers {
			epoch.Layers = nil
		}
		servertest.LogEpoch(t, run, epoch)
	}
	if err := run.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k.dims > 0 {
		servertest.Project(t, store, run.ID(), k.dims)
	}
	return run
}

// TestKinds: whatever kind of data a run has, the page looks right: it has a legend of classes or a scale, and measures of
// classes where there are classes.
func TestKinds(t *testing.T) {
	unraced(t)
	store := servertest.NewStore(t)
	for _, k := range kinds {
		k.log(t, store)
	}
	server := newServer(t, store, api.Options{})
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			tb := openTab(t, server, "?run="+k.name, 960, 640)
			if k.layers {
				tb.ready()
				eval[chromedp.Void](tb, `zoetrope.stage.point(7)`)
			}
			tb.wait("samples and metrics are there", `zoetrope.model.samples && zoetrope.model.series.length > 0`, 3*time.Second)
			if k.dims > 0 {
				tb.wait("the map is measured", `document.querySelectorAll("#quality-charts .chart").length > 0`, 3*time.Second)
			}
			tb.rest()
			if tb.visible("#trouble") {
				t.Errorf("the page says %q", tb.text("#trouble"))
			}
			if got := eval[string](tb, `document.body.innerText.match(/NaN|undefined|null|Infinity|\[object/)?.[0] ?? ""`); got != "" {
				t.Errorf("the page says %q", got)
			}
			entries := eval[int](tb, `document.querySelector("#legend.scale canvas.strip") ? -1 : document.querySelectorAll("#legend .entry").length`)
			if entries != k.entries {
				t.Errorf("the legend has %d entries, want %d", entries, k.entries)
			}
			charts := eval[string](tb, `document.getElementById("quality-charts").innerText`)
			if got := strings.Contains(charts, "Silhouette") && strings.Contains(charts, "purity"); got != k.classes {
				t.Errorf("measures of classes: %v, want %v: %q", got, k.classes, charts)
			}
			if got := eval[int](tb, `document.querySelectorAll("#labels span").length`); got > 24 {
				t.Errorf("%d names are on the map", got)
			}
			if wide := eval[int](tb, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
				t.Errorf("the page is %d pixels too wide", wide)
			}
			k.check(t, tb)
		})
	}
}

// check looks at what is special of some kinds.
func (k kind) check(t *testing.T, tb *tab) {
	t.Helper()
	switch k.name {
	case "unlabelled", "metadata":
		if tb.visible("#matrix-panel") || tb.visible("#labels span") {
			t.Error("it shows classes without any")
		}
		if got := tb.text("#card .label"); got != "Sample s7" {
			t.Errorf("the card is headed %q", got)
		}
		if got := eval[string](tb, `document.body.innerText.match(/.*no label.*/i)?.[0] ?? ""`); got != "" {
			t.Errorf("without labels it says %q", got)
		}
		if k.name == "metadata" {
			want := []string{"change", "moved", "trust", "epoch", "meta:age", "meta:" + strings.Repeat("long key ", 12), "meta:source"}
			if got := eval[[]string](tb, `zoetrope.model.facts.columns.map((c) => c.key)`); !slices.Equal(got, want) {
				t.Errorf("columns %q, want %q: a text of its own in each row has no colours", got, want)
			}
			eval[chromedp.Void](tb, `zoetrope.model.viewstate.setColour("meta:age")`)
			tb.wait("there is a scale", `document.querySelector("#legend.scale .bounds .share")?.textContent === "120 samples"`, time.Second)
		}
	case "continuous", "years":
		want := map[string]string{"continuous": "20108", "years": "19002020"}[k.name]
		if got := eval[string](tb, `[...document.querySelectorAll("#legend .bound")].map((e) => e.placeholder).join("")`); got != want {
			t.Errorf("the scale goes from and to %s, want %s", got, want)
		}
		if got := eval[int](tb, `new Set(zoetrope.model.viewstate.slots(0)).size`); got < 60 {
			t.Errorf("the points have %d colours", got)
		}
	case "long-labels":
		names := eval[[]string](tb, `[...document.querySelectorAll("#legend .name")].map((e) => e.textContent)`)
		if !slices.Equal(names, []string{"…0", "…1", "…2", "…3", "…4", "…5"}) {
			t.Errorf("the legend has %q", names)
		}
		if got := tb.text("#card .label"); !strings.HasPrefix(got, longName) {
			t.Errorf("the card says %q", got)
		}
	case "hundred", "thousand", "numbered":
		if got := tb.text("#legend .more"); !strings.HasPrefix(got, "36 colours for 1") {
			t.Errorf("the legend says %q", got)
		}
		if got := eval[int](tb, `new Set(zoetrope.model.viewstate.slots(0)).size`); got != 36 {
			t.Errorf("the points have %d colours, want 36", got)
		}
		if k.name == "thousand" && !strings.Contains(tb.text("#legend"), "and 800 more") {
			t.Error("the legend does not say how many classes it leaves out")
		}
	case "gaps":
		row := eval[int](tb, `(() => { const f = zoetrope.model.frame(3); for (let i = 0; i < 120; i++) if (f.quanta[i * f.dims] === 0xffff) return i; return -1 })()`)
		if row < 0 || (4+row)%4 != 0 {
			t.Errorf("row %d is missing at the last epoch", row)
		}
		if got := eval[bool](tb, `zoetrope.stage.positionOf(%d) === null`, row); !got {
			t.Error("a sample is drawn at an epoch that lacks it")
		}
		eval[chromedp.Void](tb, `(zoetrope.stage.point(11), zoetrope.model.viewstate.setFocal(11))`)
		tb.wait("among samples with labels, one without says so", `document.querySelector("#card .label").textContent === "No label" && document.querySelector("#near-panel h2")?.textContent === "No label s11"`, time.Second)
	case "one-epoch":
		if !eval[bool](tb, `document.getElementById("play").disabled`) {
			t.Error("one epoch can be played")
		}
	case "no-layer":
		if got := tb.text("#empty"); !strings.Contains(got, "This run logged no layer") {
			t.Errorf("in place of a map it says %q", got)
		}
		if tb.visible("#quality-panel") || tb.visible("#save") {
			t.Error("it judges or saves a map that is not there")
		}
	}
}
