package page_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/zoetrope-ml/zoetrope/server/access"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

const token = "browser-0123456789abcdef"

// newGuardedServer serves store below a path to those who have the token.
func newGuardedServer(t *testing.T, store *tracker.Store, base string) *httptest.Server {
	t.Helper()
	secret, err := access.NewToken(token, access.Read)
	if err != nil {
		t.Fatal(err)
	}
	data := api.New(store, api.Options{})
	guard, err := access.New(page.New(data, page.Options{}), access.Options{Tokens: []access.Token{secret}, BasePath: base})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(guard)
	t.Cleanup(func() {
		data.Close()
		server.Close()
	})
	return server
}

// TestLoginInBrowser: below a base path, a link with the token logs a browser in and leaves no token behind; so does the
// token that is typed in; and who follows a link from another site is not asked again.
func TestLoginInBrowser(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(12, "a", "b").Log(t, store, "r", 2)
	server := newGuardedServer(t, store, "/lab/zoetrope/")
	below := &httptest.Server{URL: server.URL + "/lab/zoetrope"}
	tb := openTab(t, below, "login#token="+token, 1000, 700)
	tb.expected = append(tb.expected, "status of 401")
	if got := eval[string](tb, `location.href + " " + document.cookie + " " + JSON.stringify(performance.getEntriesByType("resource").map(e => e.name))`); strings.Contains(got, token) {
		t.Errorf("the token is left behind: %s", got)
	}
	if got := eval[string](tb, `location.pathname`); got != "/lab/zoetrope/" {
		t.Errorf("the page is at %s", got)
	}
	tb.ready()
	servertest.LogEpoch(t, run, servertest.NewTraining(12, "a", "b").Epoch(3)) // the event stream has the cookie too
	tb.wait("the new epoch is there", `zoetrope.model.epochs.some((e) => e.number === 3)`, 5*time.Second)

	// Without the cookie, the page asks.
	_, err := chromedp.Call(tb.ctx, network.ClearBrowserCookies, cdp.Empty{})
	tb.do(err)
	tb.do(chromedp.Do(tb.ctx, chromedp.Navigate(below.URL+"/?run=mnist%2Fr")))
	tb.wait("the form is there", `document.querySelector("#form:not([hidden])")`, 5*time.Second)
	typed := func(text string) {
		eval[bool](tb, `(() => { const f = document.getElementById("token"); f.value = %s; f.form.requestSubmit(); return true })()`, quote(text))
	}
	typed("not the token at all")
	tb.wait("it says what is wrong", `document.getElementById("trouble").textContent.includes("typing errors")`, 5*time.Second)
	typed(token)
	tb.wait("the page has started", `window.zoetrope && zoetrope.model.runs`, 10*time.Second)
	if got := tb.query(); !strings.Contains(got, "r") || got == "" {
		t.Errorf("the page that was asked for is forgotten: %q", got)
	}

	// Another site's link comes without the cookie, which is strict, and yet nobody is asked.
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<link rel="icon" href="data:,"><a id="link" href="%s/?run=mnist%%2Fr">a map</a>`, below.URL)
	}))
	defer other.Close()
	tb.do(chromedp.Do(tb.ctx, chromedp.Navigate(strings.Replace(other.URL, "127.0.0.1", "localhost", 1))))
	eval[bool](tb, `(document.getElementById("link").click(), true)`)
	tb.wait("the page has started", `window.zoetrope && zoetrope.model.runs`, 10*time.Second)
	tb.mu.Lock()
	tb.foreign = nil
	tb.mu.Unlock()
}

// TestLoginBehindProxy: a proxy as a notebook server's takes a part of the path off, which only the browser sees.
func TestLoginBehindProxy(t *testing.T) {
	store := servertest.NewStore(t)
	servertest.NewTraining(12, "a", "b").Log(t, store, "r", 1)
	server := newGuardedServer(t, store, "")
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	const prefix = "/user/ann/proxy/8420"
	proxy := httptest.NewServer(http.StripPrefix(prefix, &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		FlushInterval: -1,
	}))
	defer proxy.Close()
	defer proxy.CloseClientConnections()
	tb := openTab(t, &httptest.Server{URL: proxy.URL + prefix}, "login#token="+token, 1000, 700)
	tb.ready()
	if got := eval[string](tb, `location.pathname`); got != prefix+"/" {
		t.Errorf("the page is at %s", got)
	}
	cookies, err := chromedp.Call(tb.ctx, network.GetCookies, network.GetCookiesParams{})
	tb.do(err)
	if len(cookies.Cookies) != 1 || cookies.Cookies[0].Path != prefix+"/" || !cookies.Cookies[0].HTTPOnly {
		t.Errorf("cookies = %+v", cookies.Cookies)
	}
}
