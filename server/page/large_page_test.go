package page_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
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

// large returns a run of n samples without vectors on a map of three epochs that was computed elsewhere: the even rows
// spread over a square on the left, the odd ones over one on the right, which draw nearer to each other. The first two
// rows lie in one place below, and the last one is alone above.
func large(t *testing.T, n int) *tracker.Store {
	store := servertest.NewStore(t)
	run, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "large", Name: "map"})
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]tracker.Sample, n)
	for i := range samples {
		samples[i] = tracker.Sample{ID: strconv.Itoa(i), Label: []string{"left", "right"}[i%2]}
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	var placed []projector.Coordinates
	for epoch := 1; epoch <= 3; epoch++ {
		if err := run.Log(t.Context(), tracker.Epoch{Number: epoch}); err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 2)) // a sample keeps its place in its square
		at := make([]float32, 0, 2*n)
		for i := range n {
			x, y := r.Float32()*6-3, r.Float32()*6-3
			at = append(at, x+float32(10-epoch)*float32(2*(i%2)-1), y)
		}
		for row, y := range map[int]float32{0: -8, 1: -8, n - 1: 8} {
			at[2*row], at[2*row+1] = 0, y
		}
		placed = append(placed, projector.Coordinates{Epoch: epoch, Coordinates: at})
	}
	if _, err := projector.Given(t.Context(), store, run.ID(), "", 2, placed, nil); err != nil {
		t.Fatal(err)
	}
	if err := run.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}

// TestLargeMap: a map of very many points loads, scrubs without uploading, and can be pointed at, selected, filtered,
// searched and read in the table.
func TestLargeMap(t *testing.T) {
	unraced(t)
	defer func(before time.Duration) { patience = before }(patience)
	n := 160_000
	if os.Getenv("ZOETROPE_MILLION") == "1" {
		n = 1_000_000
		patience = 5 * time.Minute
	} else {
		fmt.Fprintln(os.Stderr, "TestLargeMap: 160,000 points; 1,000,000 with ZOETROPE_MILLION=1, as make million does")
	}
	server := newServer(t, large(t, n), api.Options{})
	tb := openTab(t, server, "", 1000, 600)
	rest := func() { t.Helper(); tb.wait("nothing moves", `zoetrope.resting`, patience) }
	tb.wait("the map is complete", `zoetrope.model.samples && zoetrope.model.map && zoetrope.model.map.frames.every(Boolean)`, patience)
	rest()
	if got := eval[[]int](tb, `[zoetrope.model.samples.count, zoetrope.model.map.layout.rows, zoetrope.stage.panes.length]`); got[0] != n || got[1] != n || got[2] != 1 {
		t.Fatalf("samples, rows and parts on screen are %v, want %d, %[2]d and 1", got, n)
	}

	before := tb.uploaded()
	for range 3 {
		tb.press(kb.ArrowLeft)
		rest()
	}
	eval[int](tb, `(zoetrope.model.playhead.seek(0.5), zoetrope.stage.renew(), 1)`)
	rest()
	tb.press(kb.End)
	rest()
	if got := tb.uploaded() - before; got != 0 {
		t.Errorf("%d bytes were uploaded while scrubbing, want 0", got)
	}

	for _, row := range []int{n - 1, 1} { // row 1 lies over row 0
		tb.move(tb.sample(row))
		tb.wait(fmt.Sprintf("row %d is under the pointer", row), fmt.Sprintf(`zoetrope.stage.hovered === %d`, row), patience)
		rest()
		if got, want := tb.text("#card"), fmt.Sprintf("Sample %d ", row); !strings.Contains(got, want) {
			t.Errorf("the card says %q, want %q in it", got, want)
		}
	}

	// A rectangle from between the squares, above, to the far lower left: the even rows, but for two of the three that lie apart.
	top, low := tb.sample(n-1), tb.sample(0)
	tb.press("r")
	tb.drag(pixel{(top.X+low.X)/2 - 10, top.Y}, pixel{300, 300}, pixel{20, low.Y})
	rest()
	even := n/2 - 1 // row 0 is in the middle
	if got := eval[int](tb, `zoetrope.model.viewstate.selected.length`); got != even {
		t.Errorf("%d samples are selected, want %d", got, even)
	}
	if got := eval[bool](tb, `zoetrope.model.viewstate.selected.every((r) => r %% 2 === 0)`); !got {
		t.Error("samples on the right are selected")
	}
	tb.press("i")
	rest()
	if got := eval[int](tb, `zoetrope.model.viewstate.selected.length`); got != n-even {
		t.Errorf("%d samples are selected after inversion, want %d", got, n-even)
	}
	tb.press(kb.Escape)
	rest()

	eval[int](tb, `(zoetrope.model.viewstate.toggle("label", "left", 2), 1)`)
	rest()
	if got := eval[int](tb, `zoetrope.model.viewstate.hidden(0).reduce((s, h) => s + h, 0)`); got != n/2 {
		t.Errorf("the filter hides %d samples, want %d", got, n/2)
	}
	eval[int](tb, `(zoetrope.model.viewstate.showAll(), 1)`)

	tb.click(tb.middle("#tab-samples"))
	rest()
	eval[int](tb, `((b) => (b.scrollTop = b.scrollHeight, 1))(document.getElementById("table-box"))`)
	tb.wait("the table shows its last row", fmt.Sprintf(`document.querySelector('#table tr[data-row="%d"]')`, n-1), patience)
	rest()
	if got := eval[float64](tb, `((r, b) => b.bottom - r.bottom)(document.querySelector('#table tr[data-row="%d"]').getBoundingClientRect(), document.getElementById("table-box").getBoundingClientRect())`, n-1); math.Abs(got) > 34 {
		t.Errorf("the last row ends %.0f pixels above the table's end", got)
	}

	tb.click(tb.middle("#search"))
	tb.do(chromedp.Do(tb.ctx, chromedp.KeyEvent(strconv.Itoa(n-3))))
	tb.wait("the id is found", `document.getElementById("search-take").textContent === "Select 1"`, patience)
}
