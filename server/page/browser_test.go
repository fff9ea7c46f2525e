package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

// browser is one Chromium with one tab, which the tests have in turn: a new tab would cost a second and a half of
// processor time.
var browser struct {
	once sync.Once
	ctx  context.Context
	err  error
	stop []func()
}

// TestMain runs what reads the store in its own way, and one page that is live, once more on PostgreSQL.
func TestMain(m *testing.M) {
	code := pgtest.Main(m, "^Test(WriteHTML|Live)$")
	for i := len(browser.stop) - 1; i >= 0; i-- {
		browser.stop[i]()
	}
	os.Exit(code)
}

func startBrowser(path string) {
	dir, err := os.MkdirTemp("", "zoetrope-chromium")
	if err != nil {
		browser.err = err
		return
	}
	browser.stop = append(browser.stop, func() {
		for range 20 { // its children may still write for a moment
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.DisableGPU, // for the page; the map still gets a WebGL made in software
		chromedp.NoSandbox,  // there is nothing to be kept from but our own page
		chromedp.UserDataDir(dir),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("enable-precise-memory-info", true),
		chromedp.Flag("use-angle", "swiftshader"), // WebGL 2 without a graphics card
		chromedp.Flag("enable-unsafe-swiftshader", true),
		chromedp.Flag("ignore-gpu-blocklist", true),
		chromedp.Flag("js-flags", "--expose-gc"), // to see what is left behind
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	browser.stop = append(browser.stop, stop)
	ctx, stop := chromedp.NewContext(allocator)
	browser.stop = append(browser.stop, stop)
	browser.ctx, browser.err = ctx, chromedp.Do(ctx)
}

// patience is how long a test may take with its tab.
var patience = 3 * time.Minute

// A tab shows the page to a test, until its end.
type tab struct {
	t      *testing.T
	ctx    context.Context
	server string

	mu       sync.Mutex
	trouble  []string // what the console says that it should not
	foreign  []string // requests to anybody but the test's server
	expected []string // parts of console messages that are no trouble
}

// openTab opens the server's page at a query, in a window of this size, and waits until the page has started. Motion is
// reduced, as people can ask their system for: drawing every frame in software is most of what these tests cost.
func openTab(t *testing.T, server *httptest.Server, query string, width, height int64) *tab {
	t.Helper()
	tb := newTab(t, server.URL, width, height, "reduce")
	tb.open(server.URL + "/" + query)
	return tb
}

// openMoving is openTab with all motion.
func openMoving(t *testing.T, server *httptest.Server, query string, width, height int64) *tab {
	t.Helper()
	tb := newTab(t, server.URL, width, height, "no-preference")
	tb.open(server.URL + "/" + query)
	return tb
}

// raced are the tests in the browser that run under the race detector, too: those in which the server does several things at once.
var raced = map[string]bool{"TestWatchedTraining": true, "TestLive": true, "TestReconnect": true, "TestMakeMap": true, "TestCancelMap": true,
	"TestDeleteMap": true, "TestLoginInBrowser": true, "TestHome": true, "TestFrugal": true}

// unraced skips a test in the browser that has nothing to show to the race detector, which sees Go alone; with -short, all.
func unraced(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a browser")
	}
	if raceDetector && !raced[t.Name()] {
		t.Skip("under the race detector, few tests in the browser run: see raced")
	}
}

// newTab returns a tab for pages below base, from where alone they may load anything.
func newTab(t *testing.T, base string, width, height int64, motion string) *tab {
	t.Helper()
	unraced(t)
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		const lacks = "SKIPPED: browser tests (needs chromium: apt-get install chromium)"
		if os.Getenv("ZOETROPE_REQUIRE_ALL") == "1" {
			t.Fatal(lacks)
		}
		t.Skip(lacks)
	}
	browser.once.Do(func() { startBrowser(path) })
	if browser.err != nil {
		t.Fatalf("%s does not start: %v", path, browser.err)
	}
	ctx, cancel := context.WithTimeout(browser.ctx, patience)
	// The expected message comes of drawing without a graphics card.
	tb := &tab{t: t, ctx: ctx, server: base, expected: []string{"GPU stall due to ReadPixels"}}
	tb.watch()
	t.Cleanup(func() {
		tb.settle()
		tb.do(chromedp.Do(ctx, chromedp.Navigate("about:blank")))
		cancel()
	})
	tb.size(width, height, false)
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: motion}}})
	tb.do(err)
	return tb
}

// open opens an address, and waits until the page has started.
func (tb *tab) open(address string) {
	tb.t.Helper()
	tb.do(chromedp.Do(tb.ctx, chromedp.Navigate(address)))
	tb.wait("the page has started", `!!window.zoetrope && zoetrope.model.runs !== null`, 10*time.Second)
}

// watch collects what must not happen on any page: console errors, and requests that leave the server.
func (tb *tab) watch() {
	messages := chromedp.Console(tb.ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleException || m.Type == chromedp.ConsoleWarning {
				tb.mu.Lock()
				tb.trouble = append(tb.trouble, fmt.Sprintf("%s: %s", m.Type, m.Text))
				tb.mu.Unlock()
			}
		}
	}()
	_, err := chromedp.Call(tb.ctx, network.Enable, network.EnableParams{})
	tb.do(err)
	requests := chromedp.Events(tb.ctx, network.RequestWillBeSent)
	go func() {
		for r, err := range requests {
			if err != nil {
				return
			}
			if u := r.Request.URL; !strings.HasPrefix(u, tb.server+"/") && !strings.HasPrefix(u, "data:") {
				tb.mu.Lock()
				tb.foreign = append(tb.foreign, u)
				tb.mu.Unlock()
			}
		}
	}()
}

// settle fails the test for what watch has seen.
func (tb *tab) settle() {
	tb.mu.Lock()
	defer tb.mu.Unlock()
messages:
	for _, m := range tb.trouble {
		for _, e := range tb.expected {
			if strings.Contains(m, e) {
				continue messages
			}
		}
		tb.t.Errorf("console: %s", m)
	}
	for _, u := range tb.foreign {
		tb.t.Errorf("the page asked for %s", u)
	}
}

func (tb *tab) do(err error) {
	tb.t.Helper()
	if err != nil {
		tb.t.Fatal(err)
	}
}

func (tb *tab) size(width, height int64, touch bool) {
	tb.t.Helper()
	_, err := chromedp.Call(tb.ctx, emulation.SetDeviceMetricsOverride,
		emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: touch})
	tb.do(err)
}

// script runs before the page's own scripts from the next load on.
func (tb *tab) script(source string) {
	tb.t.Helper()
	added, err := chromedp.Call(tb.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: source})
	tb.do(err)
	tb.t.Cleanup(func() {
		_, err := chromedp.Call(tb.ctx, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams(added))
		tb.do(err)
	})
}

// eval returns the value of an expression.
func eval[T any](tb *tab, expression string, args ...any) T {
	tb.t.Helper()
	v, err := chromedp.Run(tb.ctx, chromedp.Evaluate[T](fmt.Sprintf(expression, args...), chromedp.EvalAwaitPromise))
	if err != nil {
		tb.t.Fatalf("%s: %v", fmt.Sprintf(expression, args...), err)
	}
	return v
}

// wait waits until an expression is true, and returns how long that took.
func (tb *tab) wait(what, expression string, within time.Duration) time.Duration {
	tb.t.Helper()
	start := time.Now()
	for {
		ok, err := chromedp.Run(tb.ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		passed := time.Since(start)
		if err == nil && ok {
			return passed
		}
		if passed > within {
			tb.t.Fatalf("after %v it does not hold that %s: %s (%v)", within, what, expression, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// ready waits until the map is complete and nothing moves.
func (tb *tab) ready() {
	tb.t.Helper()
	tb.wait("the map is complete", `zoetrope.model.map && zoetrope.model.samples && zoetrope.model.map.frames.every(Boolean)`, 5*time.Second)
	tb.rest()
}

// rest waits until nothing moves.
func (tb *tab) rest() {
	tb.t.Helper()
	tb.wait("nothing moves", `zoetrope.resting`, 5*time.Second)
}

// query returns what the page's address says of the view, once that is at rest; in clear text.
func (tb *tab) query() string {
	tb.t.Helper()
	tb.rest()
	return eval[string](tb, `decodeURIComponent(location.search)`)
}

// address returns the page's address, once the view is at rest.
func (tb *tab) address() string {
	tb.t.Helper()
	tb.rest()
	return eval[string](tb, `location.href`)
}

// text returns what is written in an element.
func (tb *tab) text(selector string) string {
	tb.t.Helper()
	return eval[string](tb, `document.querySelector(%s).textContent.replace(/\s+/g, " ").trim()`, quote(selector))
}

func (tb *tab) visible(selector string) bool {
	tb.t.Helper()
	return eval[bool](tb, `(document.querySelector(%s)?.getClientRects().length ?? 0) > 0`, quote(selector))
}

func (tb *tab) press(keys string) {
	tb.t.Helper()
	tb.do(chromedp.Do(tb.ctx, chromedp.KeyEvent(keys)))
}

func (tb *tab) uploaded() int { tb.t.Helper(); return eval[int](tb, `zoetrope.counters.bytesUploaded`) }

func (tb *tab) epoch() string { tb.t.Helper(); return tb.text("#epoch-number") }

// quote writes a string as JavaScript does.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}
