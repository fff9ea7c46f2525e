package page_test

import (
	"fmt"
	"image/color"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestUnlabelled: a run without labels, thumbnails and predictions looks right.
func TestUnlabelled(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(40, "")
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "plain"})
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]tracker.Sample, 40)
	for i := range samples {
		samples[i].ID = fmt.Sprint(i)
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	for e := 0; e <= 2; e++ { // 0 is a real epoch
		epoch := tr.Epoch(e)
		epoch.Outputs, epoch.Metrics = nil, nil
		servertest.LogEpoch(t, run, epoch)
	}
	tb := openTab(t, newServer(t, store, api.Options{}), "?epoch=0", 960, 640)
	tb.ready()
	if got := tb.epoch(); got != "0" {
		t.Errorf("epoch = %s, want 0", got)
	}
	tb.move(tb.sample(tb.lonely("true")))
	tb.wait("the card is there", `!document.getElementById("card").hidden`, time.Second)
	tb.rest()
	for _, selector := range []string{"#legend .class", "#labels span", "#charts-panel", "#card canvas", "#card .verdict", "#params-panel"} {
		if tb.visible(selector) {
			t.Errorf("%s is shown: %q", selector, tb.text(selector))
		}
	}
	if got := tb.text("#card"); !regexp.MustCompile(`^Sample \d+Epoch 0$`).MatchString(got) {
		t.Errorf("the card says %q", got)
	}
	eval[chromedp.Void](tb, `(() => { zoetrope.model.viewstate.select([3], "replace"); zoetrope.model.viewstate.setFocal(3) })()`)
	tb.wait("its neighbours are there", `document.querySelectorAll("#near-panel .tile").length > 5`, 2*time.Second)
	if got := tb.text("#near-panel h2"); got != "Sample 3" {
		t.Errorf("the list of neighbours is headed %q", got)
	}
	if got := eval[string](tb, `document.body.innerText`); strings.Contains(got, "NaN") || strings.Contains(got, "undefined") || strings.Contains(got, "null") {
		t.Errorf("the page says %q", got)
	}
}

// TestGaps: the slider has logged epochs only, whatever their numbers, and says when the map lacks one.
func TestGaps(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(40, "a", "b")
	run := tr.Log(t, store, "r", 0)
	for _, e := range []int{10, 2, 5} {
		servertest.LogEpoch(t, run, tr.Epoch(e))
	}
	servertest.Project(t, store, run.ID(), 2)
	servertest.LogEpoch(t, run, tr.Epoch(20))
	tb := openTab(t, newServer(t, store, api.Options{}), "", 960, 640)
	tb.ready()
	if got := eval[[]int](tb, `zoetrope.model.numbers`); !slices.Equal(got, []int{2, 5, 10, 20}) {
		t.Errorf("epochs = %v", got)
	}
	if got := tb.text("#map-note"); got != "Epoch 20 is not on this map; this is epoch 10." {
		t.Errorf("note = %q", got)
	}
	tb.press(kb.ArrowLeft)
	tb.rest()
	if tb.visible("#map-note") || tb.epoch() != "10" {
		t.Errorf("at epoch %s the note is shown: %v", tb.epoch(), tb.visible("#map-note"))
	}
}

// TestPicturesOfColour: a sprite with colours reaches the card.
func TestPicturesOfColour(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(12, "a")
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "r"})
	if err != nil {
		t.Fatal(err)
	}
	samples := tr.Samples(t)
	for i := range samples {
		samples[i].Thumbnail = servertest.Picture(t, 16, 12, color.NRGBA{uint8(20 * i), 120, 30, 255})
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	servertest.LogEpoch(t, run, tr.Epoch(1))
	tb := openTab(t, newServer(t, store, api.Options{}), "", 960, 640)
	tb.ready()
	row := tb.lonely("true")
	tb.move(tb.sample(row))
	tb.wait("the picture is there", fmt.Sprintf(`(() => { const c = document.querySelector("#card canvas"); if (!c || c.hidden) return false;
		const d = c.getContext("2d").getImageData(c.width / 2, c.height / 2, 1, 1).data; return d[0] === %d && d[1] === 120 && d[2] === 30 })()`, 20*row), 2*time.Second)
}
