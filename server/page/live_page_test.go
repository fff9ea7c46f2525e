package page_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A restarted server goes away and comes back at the same address.
type restarted struct {
	t      *testing.T
	store  *tracker.Store
	o      api.Options
	server *httptest.Server // only its address
	stop   func()
}

func newRestarted(t *testing.T, store *tracker.Store, o api.Options) *restarted {
	t.Helper()
	s := &restarted{t: t, store: store, o: o, server: &httptest.Server{URL: "http://127.0.0.1:0"}}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

// start serves; from the second time on at the address of the first.
func (s *restarted) start() {
	s.t.Helper()
	listener, err := net.Listen("tcp", s.server.URL[len("http://"):])
	if err != nil {
		s.t.Skipf("the address is taken meanwhile: %v", err)
	}
	s.server.URL = "http://" + listener.Addr().String()
	data := api.New(s.store, s.o)
	server := &http.Server{Handler: page.New(data, page.Options{})}
	done := make(chan struct{})
	go func() {
		server.Serve(listener)
		close(done)
	}()
	s.stop = func() {
		data.Close()
		server.Close()
		<-done
	}
}

// away is what the console says while a server is away.
var away = []string{"ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET", "ERR_CONNECTION_CLOSED"}

// growing keeps a map of a run's epochs beside its training, as examples/mnist does. It is told of each epoch, and closed.
func growing(t *testing.T, store *tracker.Store, run string) (news chan<- struct{}, done <-chan struct{}) {
	in, out := make(chan struct{}, 1), make(chan struct{})
	o := projector.Defaults()
	o.NNeighbors, o.NEpochs = 10, 60
	ctx := context.WithoutCancel(t.Context())
	go func() {
		defer close(out)
		var p *projector.Projection
		for range in {
			var err error
			if p == nil {
				p, err = projector.Project(ctx, store, []string{run}, o, nil)
			} else {
				p, err = p.Extend(ctx, nil)
			}
			if err != nil {
				t.Errorf("the map does not grow: %v", err)
				return
			}
		}
		if p == nil {
			return
		}
		if _, err := p.Refit(ctx, nil); err != nil { // as at the end of a training
			t.Errorf("the map is not fitted again: %v", err)
		}
	}()
	return in, out
}

// A delay is how long after its Log an epoch was somewhere on the page.
type delay struct{ slider, charts, mapped time.Duration }

// TestWatchedTraining watches a training from its start to its end: each epoch appears on the slider, the charts and the map
// while the page is loaded anew and the server is started anew half-way, and whoever looks at an earlier epoch is left alone:
// epoch, camera, selection and what has the focus stay.
func TestWatchedTraining(t *testing.T) {
	const epochs = 14
	store := servertest.NewStore(t)
	s := newRestarted(t, store, api.Options{})
	tb := openMoving(t, s.server, "", 960, 640)
	tb.expected = append(tb.expected, away...)
	tr := servertest.NewTraining(240, "0", "1", "2")
	run := tr.Log(t, store, "watched", 0)
	tb.wait("the run is there", `zoetrope.model.run?.name === "watched" && zoetrope.model.samples`, 30*time.Second)
	news, grown := growing(t, store, run.ID())
	var delays []delay

	// log logs an epoch and tells the map.
	log := func(e int) time.Time {
		t.Helper()
		servertest.LogEpoch(t, run, tr.Epoch(e))
		now := time.Now()
		select {
		case news <- struct{}{}:
		default: // one is told already, which stands for this one, too
		}
		return now
	}
	// watch waits until an epoch is on the page, everywhere.
	watch := func(e int, since time.Time) {
		t.Helper()
		var d delay
		for d.slider == 0 || d.charts == 0 || d.mapped == 0 {
			is := eval[[]bool](tb, `(() => { const m = zoetrope.model, n = m.numbers.length, over = document.querySelector("#charts .u-over"), mark = document.querySelector("#charts .playhead");
				const at = mark ? new DOMMatrix(getComputedStyle(mark).transform).m41 : NaN, last = m.numbers[n - 1], first = m.numbers[0];
				const values = m.series.find((s) => s.name === "loss")?.epoch ?? [];
				return [document.getElementById("slider").getAttribute("aria-valuemax") === "%[1]d" && document.getElementById("epoch-total").textContent === "of %[1]d",
					values.includes(%[1]d) && (n < 2 || Math.abs(at - over.clientWidth * (m.playhead.position + first - 1) / (last - 1)) < 2),
					!!m.map && !m.map.layout.provisional && m.map.layout.epochs.includes(%[1]d) && m.map.frames.every(Boolean)] })()`, e)
			now := max(time.Since(since), 1)
			for i, at := range []*time.Duration{&d.slider, &d.charts, &d.mapped} {
				if is[i] && *at == 0 {
					*at = now
				}
			}
			if now > 30*time.Second {
				t.Fatalf("30 seconds after its Log, epoch %d is on slider, charts, map: %v", e, is)
			}
			time.Sleep(5 * time.Millisecond)
		}
		delays = append(delays, d)
		t.Logf("epoch %2d: slider after %4d ms, charts after %4d ms, map after %4d ms", e, d.slider.Milliseconds(), d.charts.Milliseconds(), d.mapped.Milliseconds())
	}
	type view struct {
		Epoch, Selected, Focus, Typed string
		Camera                        []float64
	}
	// left fails the test when the user is not left where they are.
	look := func() view {
		t.Helper()
		return eval[view](tb, `(() => { const m = zoetrope.model, c = zoetrope.stage.camera; return {Epoch: document.getElementById("epoch-number").textContent,
			Selected: m.viewstate.selected.map((r) => m.samples.ids[r]).join(), Focus: document.activeElement.id, Typed: document.getElementById("search").value, Camera: [c.x, c.y, c.zoom]} })()`)
	}
	left := func(when string, want view) {
		t.Helper()
		got := look()
		for i, v := range got.Camera {
			if math.Abs(v-want.Camera[i]) > 1e-3 {
				t.Errorf("%s the camera is at %v, was at %v", when, got.Camera, want.Camera)
				break
			}
		}
		if got.Epoch != want.Epoch || got.Selected != want.Selected || got.Focus != want.Focus || got.Typed != want.Typed {
			t.Errorf("%s the user is at %+v, was at %+v", when, got, want)
		}
	}

	for e := 1; e <= 4; e++ {
		watch(e, log(e))
		tb.wait("who looks at the newest epoch goes on with it", fmt.Sprintf(`document.getElementById("epoch-number").textContent === "%d"`, e), 30*time.Second)
	}

	// The user looks closely at epoch 2, with some samples selected, and begins to search.
	tb.press("3")
	tb.wait("epoch 2", `document.getElementById("epoch-number").textContent === "2"`, 30*time.Second)
	tb.press("+")
	eval[chromedp.Void](tb, `zoetrope.model.viewstate.select([3, 4, 9], "replace")`)
	tb.do(chromedp.Do(tb.ctx, chromedp.Focus(chromedp.CSS("#search"))))
	tb.press("s1")
	tb.rest()
	user := look()
	if user.Selected != "s3,s4,s9" || user.Focus != "search" || user.Typed != "s1" || user.Camera[2] < 1.5 {
		t.Fatalf("the user is at %+v", user)
	}
	for e := 5; e <= 6; e++ {
		watch(e, log(e))
		left(fmt.Sprintf("with epoch %d", e), user)
	}

	// The page is loaded anew: the address has all but what was typed.
	tb.wait("the address has it", `location.search.includes("epoch=2") && location.search.includes("select=") && location.search.includes("camera=")`, 30*time.Second)
	tb.do(chromedp.Do(tb.ctx, chromedp.Reload()))
	tb.wait("the page has started again", `!!window.zoetrope && zoetrope.model.map && zoetrope.model.samples && zoetrope.model.map.frames.every(Boolean)`, 30*time.Second)
	tb.wait("it stands still", `zoetrope.resting`, 30*time.Second)
	user.Focus, user.Typed = "", ""
	left("loaded anew", user)
	for e := 7; e <= 8; e++ {
		watch(e, log(e))
		left(fmt.Sprintf("with epoch %d", e), user)
	}

	// The server goes away while the training goes on, and comes back.
	s.stop()
	tb.wait("the page says that the server is gone", `!document.getElementById("trouble").hidden`, 30*time.Second)
	log(9)
	log(10)
	left("without the server", user)
	s.start()
	back := time.Now()
	watch(10, back) // epoch 9 is in the number of epochs
	tb.wait("the trouble is over", `document.getElementById("trouble").hidden`, 30*time.Second)
	left("with the server back", user)
	for e := 11; e < epochs; e++ {
		watch(e, log(e))
		left(fmt.Sprintf("with epoch %d", e), user)
	}

	// At the end the map is fitted again: it fades over.
	eval[chromedp.Void](tb, `(() => { window.faded = []; zoetrope.model.on(["map"], () => faded.push(zoetrope.stage.morph !== null)) })()`)
	watch(epochs, log(epochs))
	revision := eval[string](tb, `zoetrope.model.map.layout.revision`)
	close(news)
	if err := run.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-grown
	tb.wait("the last map is there", fmt.Sprintf(`zoetrope.model.map.layout.revision !== %q && zoetrope.model.map.frames.every(Boolean)`, revision), 30*time.Second)
	tb.wait("the run is finished", `document.getElementById("run-state-text").textContent === "Finished"`, 30*time.Second)
	tb.wait("it stands still", `zoetrope.resting`, 30*time.Second)
	left("at the end", user)
	if got := eval[[]bool](tb, `faded`); !slices.Contains(got, true) {
		t.Errorf("the new map is simply there: %v", got)
	}
	tb.press(kb.End)
	tb.wait("the end", fmt.Sprintf(`document.getElementById("epoch-number").textContent === "%d"`, epochs), 30*time.Second)
	if got := eval[int](tb, `zoetrope.model.map.layout.epochs.length`); got != epochs {
		t.Errorf("the map has %d epochs, want %d", got, epochs)
	}
	worst := func(of func(delay) time.Duration) (middle, most int64) {
		var all []time.Duration
		for _, d := range delays {
			all = append(all, of(d))
		}
		slices.Sort(all)
		return all[len(all)/2].Milliseconds(), all[len(all)-1].Milliseconds()
	}
	for name, of := range map[string]func(delay) time.Duration{
		"slider": func(d delay) time.Duration { return d.slider },
		"charts": func(d delay) time.Duration { return d.charts },
		"map":    func(d delay) time.Duration { return d.mapped },
	} {
		middle, most := worst(of)
		t.Logf("%s: median %d ms, at most %d ms", name, middle, most)
	}
}
