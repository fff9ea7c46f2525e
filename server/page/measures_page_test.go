package page_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// TestQuality: the page says in words how far the map can be trusted, and draws what was measured at each epoch.
func TestQuality(t *testing.T) {
	server, store, run := shown(t)
	tb := openTab(t, server, "?epoch=2", 1160, 800)
	tb.ready()
	q, err := projectionOf(t, store, run.ID()).Quality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tb.wait("the charts are there", `document.querySelectorAll("#quality-charts .chart").length === 6`, 3*time.Second)
	tb.rest()
	if got, want := tb.text("#quality-words"), fmt.Sprintf("trustworthiness %.3f at epoch 2", *q.Epochs[1].Trustworthiness); !strings.Contains(got, want) {
		t.Errorf("it says %q, want %q", got, want)
	}
	said := tb.text("#quality-words")
	for _, c := range []struct {
		keeps      *bool
		yes, doubt string
	}{
		{q.KeepsPace, "Each step shows its share", "Do not read from this map when the network changed"},
		{q.KeepsMotion, "has moved farther in the network", "says little about who did"},
	} {
		if c.keeps == nil || strings.Contains(said, c.yes) != *c.keeps || strings.Contains(said, c.doubt) == *c.keeps {
			t.Errorf("of a map that keeps time %v, it says %q", c.keeps, said)
		}
	}
	if got, want := tb.text("#quality-charts .chart:nth-child(2) b"), *q.Epochs[1].Original.Silhouette; got != figure(want) {
		t.Errorf("the silhouette reads %q, want %s", got, figure(want))
	}
	chart := tb.middle("#quality-charts .chart:nth-child(2) .u-over")
	tb.click(chart)
	tb.rest()
	if got := tb.epoch(); got != "3" {
		t.Errorf("a click in the middle of a chart goes to epoch %s, want 3", got)
	}
}

// figure writes a number as the page does: four figures.
func figure(v float64) string {
	digits := 4
	for a := max(v, -v); a >= 1; a /= 10 {
		digits--
	}
	return fmt.Sprintf("%.*f", digits, v)
}

// TestConfusion: who was taken for whom is counted, and a click selects them.
func TestConfusion(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "", 1160, 800)
	tb.ready()
	tb.wait("the table is there", `document.querySelectorAll("#matrix button").length === 4`, 2*time.Second)
	if got := tb.text("#matrix-note"); got != "1 sample wrong at epoch 5, 1.7 %" {
		t.Errorf("it says %q", got)
	}
	tb.click(tb.middle("#matrix td.wrong button"))
	tb.rest()
	if got := tb.selected(); !slices.Equal(got, []string{"s0"}) {
		t.Errorf("selected %v", got)
	}
}

// TestOneClass: measures that need labels are absent where there are none, or one.
func TestOneClass(t *testing.T) {
	for name, labels := range map[string][]string{"none": {""}, "one": {"a"}} {
		t.Run(name, func(t *testing.T) {
			store := servertest.NewStore(t)
			run := servertest.NewTraining(40, labels...).Log(t, store, "r", 3)
			servertest.Project(t, store, run.ID(), 2)
			tb := openTab(t, newServer(t, store, api.Options{}), "", 1160, 800)
			tb.ready()
			tb.wait("the charts are there", `document.querySelectorAll("#quality-charts .chart").length > 0`, 3*time.Second)
			got := eval[[]string](tb, `[...document.querySelectorAll("#quality-charts h3")].map((e) => e.textContent)`)
			if !slices.Equal(got, []string{"Neighbours kept", "Neighbours changed", "Share of all movement", "Likeness (CKA)"}) {
				t.Errorf("charts %v", got)
			}
			for _, selector := range []string{"#matrix-panel", "#labels span"} {
				if tb.visible(selector) {
					t.Errorf("%s is shown", selector)
				}
			}
			if text := eval[string](tb, `document.body.innerText`); strings.Contains(text, "NaN") || strings.Contains(text, "undefined") || strings.Contains(text, "null") {
				t.Errorf("the page says %q", text)
			}
		})
	}
}

// TestContinuousLabels: labels that are numbers have a scale, not a hundred colours.
func TestContinuousLabels(t *testing.T) {
	store := servertest.NewStore(t)
	labels := make([]string, 60)
	for i := range labels {
		labels[i] = fmt.Sprintf("%.2f", float64(i)/7)
	}
	run := servertest.NewTraining(60, labels...).Log(t, store, "r", 2)
	servertest.Project(t, store, run.ID(), 2)
	tb := openTab(t, newServer(t, store, api.Options{}), "", 1160, 800)
	tb.ready()
	tb.wait("there is a scale", `document.querySelector("#legend .strip") !== null`, 2*time.Second)
	if got := eval[[]float64](tb, `[zoetrope.model.viewstate.scale.low, zoetrope.model.viewstate.scale.high]`); got[0] > 0.2 || got[1] < 8 || got[1] > 9 {
		t.Errorf("the scale goes from %g to %g", got[0], got[1])
	}
	if tb.visible("#labels span") || tb.visible("#matrix-panel") {
		t.Error("numbers are shown as names")
	}
	eval[chromedp.Void](tb, `zoetrope.model.viewstate.select([5], "replace")`)
	tb.rest()
	if got := tb.text("#near-panel h2"); got != "0.71 s5" {
		t.Errorf("the sample is called %q", got)
	}
}
