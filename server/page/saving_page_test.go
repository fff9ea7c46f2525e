package page_test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// A file is what the page handed its user.
type file struct {
	name string
	data []byte
}

// catch makes the page keep what it would hand its user.
func (tb *tab) catch() {
	tb.t.Helper()
	eval[chromedp.Void](tb, `(() => { if (window.files) return; window.files = []; const make = URL.createObjectURL;
		URL.createObjectURL = (b) => { files.push({blob: b, name: ""}); return make.call(URL, b) };
		HTMLAnchorElement.prototype.click = function () { if (this.download) files.at(-1).name = this.download } })()`)
}

// save chooses an entry of the menu by its title, with the keyboard, and returns the file.
func (tb *tab) save(title string) file {
	tb.t.Helper()
	tb.catch()
	before := eval[int](tb, `files.length`)
	eval[chromedp.Void](tb, `document.activeElement.blur()`)
	tb.press("s")
	tb.wait("the menu is open", `document.activeElement.matches(".save .menu")`, time.Second)
	at := eval[int](tb, `[...document.querySelectorAll(".save .item .title")].findIndex((e) => e.textContent === %s)`, quote(title))
	if at < 0 {
		tb.t.Fatalf("the menu has no %q: %s", title, tb.text(".save .menu"))
	}
	tb.press(kb.Home)
	for range at {
		tb.press(kb.ArrowDown)
	}
	tb.press(kb.Enter)
	tb.wait("there is a file", `files.length === `+string(rune('0'+before+1))+` && files.at(-1).name !== ""`, 15*time.Second)
	name := eval[string](tb, `files.at(-1).name`)
	text := eval[string](tb, `new Promise((f) => { const r = new FileReader(); r.onload = () => f(r.result.slice(r.result.indexOf(",") + 1)); r.readAsDataURL(files.at(-1).blob) })`)
	data, err := base64.StdEncoding.DecodeString(text)
	tb.do(err)
	return file{name, data}
}

func (f file) png(t *testing.T) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(f.data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// svg reads an SVG as strictly as XML wants it: how often each element occurs, and all its text.
func (f file) svg(t *testing.T) (elements map[string]int, words []string) {
	t.Helper()
	elements = map[string]int{}
	d := xml.NewDecoder(bytes.NewReader(f.data))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return elements, words
		}
		if err != nil {
			t.Fatalf("the SVG is not XML: %v\n%.400s", err, f.data)
		}
		switch e := token.(type) {
		case xml.StartElement:
			elements[e.Name.Local]++
			for _, a := range e.Attr {
				if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") {
					t.Errorf("the SVG has an attribute %s", a.Name.Local)
				}
			}
		case xml.CharData:
			if s := strings.TrimSpace(string(e)); s != "" {
				words = append(words, s)
			}
		}
	}
}

// TestSavePicture: a saved PNG is what the map shows, at both sizes, and an SVG has the same points as circles.
func TestSavePicture(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "?epoch=2&select=1-2&view=contours", 960, 640)
	tb.ready()
	row := tb.lonely("i > 2")
	at := eval[[]float64](tb, `[...zoetrope.stage.positionOf(%d), zoetrope.stage.view.width, zoetrope.stage.view.height]`, row)
	uploaded := tb.uploaded()
	one, two := tb.save("PNG"), tb.save("PNG, twice as large")
	if got := tb.uploaded() - uploaded; got != 0 {
		t.Errorf("saving uploaded %d bytes, want 0", got)
	}
	if one.name != "mnist-cnn-epoch-2.png" {
		t.Errorf("the file's name is %s", one.name)
	}
	small, large := one.png(t), two.png(t)
	if large.Bounds().Dx() != 2*small.Bounds().Dx() || large.Bounds().Dy() != 2*small.Bounds().Dy() {
		t.Errorf("%v is not twice %v", large.Bounds(), small.Bounds())
	}
	head := small.Bounds().Dy() - int(at[3])
	if small.Bounds().Dx() <= int(at[2]) || head < 30 {
		t.Errorf("a picture of %v has no room for a legend and a heading beside a map of %v", small.Bounds(), at[2:])
	}
	want := eval[[]int](tb, `((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)))(zoetrope.model.viewstate.colour(%d, 1))`, row)
	for scale, img := range map[int]image.Image{1: small, 2: large} {
		c := color.NRGBAModel.Convert(img.At(int(math.Round(at[0]*float64(scale))), int(math.Round((at[1]+float64(head))*float64(scale))))).(color.NRGBA)
		// It is faded, for it is not selected: what counts is its hue.
		pale := func(v int) int { return 253 - (253-v)*3/10 }
		for i, v := range []uint8{c.R, c.G, c.B} {
			if math.Abs(float64(int(v)-pale(want[i]))) > 26 {
				t.Errorf("at %d times, the sample's place has the colour %v, want a pale %v", scale, c, want)
				break
			}
		}
	}
	if tb.wait("the map is as it was", `zoetrope.resting && document.getElementById("map").width === zoetrope.stage.view.width`, time.Second); tb.epoch() != "2" {
		t.Errorf("the slider is at %s", tb.epoch())
	}

	drawing := tb.save("SVG")
	elements, words := drawing.svg(t)
	if drawing.name != "mnist-cnn-epoch-2.svg" || elements["circle"] != 60+3 || elements["path"] < 2*4+9 || elements["image"] != 0 {
		t.Errorf("%s has %v; want 60 points, 3 colours in the legend, trails and contours", drawing.name, elements)
	}
	for _, want := range []string{"mnist / cnn", "Epoch 2 · UMAP · balanced · 8 neighbours · fc1 · 60 samples", "Label", "0", "1", "2"} {
		if !slices.Contains(words, want) {
			t.Errorf("%q is not among %q", want, words)
		}
	}
	if len(drawing.data) > 60_000 {
		t.Errorf("an SVG of 60 points has %d bytes", len(drawing.data))
	}
}

// TestSaveGrid: all epochs at once, with filters and a scale of colours.
func TestSaveGrid(t *testing.T) {
	server, _, _ := shown(t)
	tb := openTab(t, server, "?view=grid&filter=label~1&colour=meta:rank", 960, 640)
	tb.ready()
	if got := eval[int](tb, `(() => { let n = 0; zoetrope.stage.snapshot(1.5, 1, (s) => (n = s.panes.length)); return n })()`); got != 1 {
		t.Errorf("a film of a grid shows %d maps at once, want the one that moves", got)
	}
	drawing := tb.save("SVG")
	elements, words := drawing.svg(t)
	if drawing.name != "mnist-cnn-epoch-1-5.svg" || elements["circle"] != 5*60 {
		t.Errorf("%s has %v", drawing.name, elements)
	}
	for _, want := range []string{"Epochs 1 – 5 · UMAP · balanced · 8 neighbours · fc1 · 20 of 60 samples", "rank", "0", "59", "Epoch 1", "Epoch 5"} {
		if !slices.Contains(words, want) {
			t.Errorf("%q is not among %q", want, words)
		}
	}
}

// TestSaveFilm: the browser records the training while the page stays where it is, and a recording can be stopped.
func TestSaveFilm(t *testing.T) {
	plain, _, _ := shown(t)
	var film []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/film.webm":
			http.ServeContent(w, r, "film.webm", time.Time{}, bytes.NewReader(film))
		case "/player":
			io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><video muted></video><script>
				const v = document.querySelector("video"); v.onloadedmetadata = () => (window.told = v.duration); v.src = "film.webm"</script>`)
		default:
			plain.Config.Handler.ServeHTTP(w, r)
		}
	}))
	defer server.Close()
	tb := openTab(t, server, "?epoch=3", 640, 560)
	defer func() { tb.do(chromedp.Do(tb.ctx, chromedp.Navigate("about:blank"))) }() // its events end before the server
	tb.ready()
	tb.catch()
	eval[chromedp.Void](tb, `(() => { zoetrope.model.playhead.speed = 8; document.getElementById("save").click(); document.querySelector(".save .item:nth-last-child(2)").click() })()`)
	tb.wait("it records", `!document.getElementById("saving").hidden && document.getElementById("saving").textContent.includes("Recording")`, 2*time.Second)
	if got := tb.epoch(); got != "3" {
		t.Errorf("while it records the page is at epoch %s, want 3", got)
	}
	tb.click(tb.middle("#saving button"))
	tb.wait("it has stopped", `document.getElementById("saving").hidden && files.length === 0`, 2*time.Second)
	f := tb.save("Video (WebM)")
	if f.name != "mnist-cnn-epoch-1-5.webm" || !bytes.HasPrefix(f.data, []byte{0x1a, 0x45, 0xdf, 0xa3}) {
		t.Errorf("%s begins with %x", f.name, f.data[:min(8, len(f.data))])
	}
	if !bytes.Contains(f.data, []byte("V_VP")) || len(f.data) < 10_000 {
		t.Errorf("the film has %d bytes, and names no codec: %v", len(f.data), !bytes.Contains(f.data, []byte("V_VP")))
	}

	// A player knows how long it lasts before it has read all of it, and goes to any of its moments.
	film = f.data
	tb.do(chromedp.Do(tb.ctx, chromedp.Navigate(server.URL+"/player")))
	tb.wait("the film is there", `document.querySelector("video").readyState >= 2`, 10*time.Second)
	const planned = 0.5 + 4/(1.5*8) + 1.3 // it rests, passes through four steps at eight times the pace, and rests
	long := eval[float64](tb, `isFinite(told) ? told : -1`)
	if long < 0.8*planned || long > 20*planned { // a slow machine makes a slow film
		t.Fatalf("a player says that the film lasts %v seconds, want about %.1f", long, planned)
	}
	at := eval[float64](tb, `new Promise((f) => { const v = document.querySelector("video"); v.onseeked = () => f(v.currentTime); v.currentTime = %g })`, long/2)
	if math.Abs(at-long/2) > 0.1 || eval[float64](tb, `document.querySelector("video").seekable.end(0)`) < long-0.01 {
		t.Errorf("the player is at %.2f of %.2f, want the middle", at, long)
	}
}

// TestSaveGIF: the server makes a GIF while the page says so; it can be told to stop, and says why it makes none.
func TestSaveGIF(t *testing.T) {
	plain, store, _ := shown(t)
	small := newServer(t, store, api.Options{FilmPoints: 299})
	asked, left := make(chan string, 10), make(chan bool)
	var wait, few atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/film") {
			asked <- r.URL.RawQuery
			if wait.Load() {
				<-r.Context().Done()
				left <- true
				return
			}
		}
		if few.Load() {
			small.Config.Handler.ServeHTTP(w, r)
			return
		}
		plain.Config.Handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	tb := openTab(t, server, "?colour=correct", 640, 560)
	defer func() { tb.do(chromedp.Do(tb.ctx, chromedp.Navigate("about:blank"))) }() // its events end before the server
	tb.ready()
	if got := tb.text(".save .menu"); !strings.Contains(got, "GIFall of the map, by errors") {
		t.Errorf("the menu says %q", got)
	}
	f := tb.save("GIF")
	if query := <-asked; f.name != "mnist-cnn-epoch-1-5.gif" || !strings.Contains(query, "color=correct&theme=light&pace=1.5") {
		t.Errorf("%s was made of %s", f.name, query)
	}
	if g, err := gif.DecodeAll(bytes.NewReader(f.data)); err != nil || len(g.Image) < 40 {
		t.Errorf("a GIF of %d frames (%v)", len(g.Image), err)
	}
	tb.wait("nothing is said of it any more", `document.getElementById("saving").hidden`, time.Second)

	wait.Store(true)
	order := func() {
		eval[chromedp.Void](tb, `(() => { document.getElementById("save").click(); [...document.querySelectorAll(".save .item")].at(-1).click() })()`)
	}
	order()
	<-asked
	tb.wait("it says so", `!document.getElementById("saving").hidden && document.querySelector("#saving [role=status]").textContent === "The server makes the GIF\u2026"`, 2*time.Second)
	tb.click(tb.middle("#saving button"))
	<-left
	tb.wait("it has stopped", `document.getElementById("saving").hidden && files.length === 1`, 2*time.Second)
	if tb.visible("#trouble") {
		t.Errorf("to stop it is trouble: %s", tb.text("#trouble"))
	}

	wait.Store(false)
	few.Store(true)
	tb.expected = append(tb.expected, "400 (Bad Request)")
	order()
	tb.wait("it says why there is none", `document.getElementById("trouble").textContent.includes("5 epochs of 60 samples are 300")`, 2*time.Second)
	tb.wait("it has ended", `document.getElementById("saving").hidden && files.length === 1`, time.Second)
}

// TestNothingToSave: without a map there is nothing to save, and one epoch is no film.
func TestNothingToSave(t *testing.T) {
	t.Run("one epoch", func(t *testing.T) {
		store := servertest.NewStore(t)
		servertest.NewTraining(30, "a", "b").Log(t, store, "one", 1)
		tb := openTab(t, newServer(t, store, api.Options{}), "", 640, 560)
		tb.ready()
		if got := eval[[]string](tb, `[...document.querySelectorAll(".save .item .title")].map((e) => e.textContent)`); !slices.Equal(got, []string{"PNG", "PNG, twice as large", "SVG"}) {
			t.Errorf("with one epoch the menu offers %q", got)
		}
	})
	t.Run("no run", func(t *testing.T) {
		tb := openTab(t, newServer(t, servertest.NewStore(t), api.Options{}), "", 640, 560)
		if tb.visible("#save") {
			t.Error("an empty store has something to save")
		}
	})
}
