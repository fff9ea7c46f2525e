package page_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

var preloadedElement = regexp.MustCompile(`(?s)<script type="application/json" data-path="([^"]*)">(.*?)</script>`)

// TestPreload: the page comes with the answers to what it asks for first, as the API would give them, of the run and the map
// that its address names.
func TestPreload(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(40, "</script><script>alert(1)</script>", "b & c")
	first := tr.Log(t, store, "first", 3)
	old, shown := servertest.Project(t, store, first.ID(), 2).Info().ID, servertest.Project(t, store, first.ID(), 2).Info().ID
	second := tr.Log(t, store, "<!-- second", 2)
	h := newHandler(t, store)
	h.SetPatience(time.Minute)

	of := func(run string, rest ...string) []string {
		return append([]string{"runs", "runs/" + run + "/epochs", "runs/" + run + "/samples?form=compact", "projections?run=" + run}, rest...)
	}
	layout := func(projection string) string { return "projections/" + projection + "/layout?run=" + first.ID() }
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"", of(second.ID())},
		{"?run=" + first.ID(), of(first.ID(), layout(shown))},
		{"?run=mnist/first", of(first.ID(), layout(shown))},
		{"?run=first&projection=" + old, of(first.ID(), layout(old))},
		{"?run=first&projection=gone", of(first.ID(), layout(shown))},
		{"?run=first&projection=provisional", of(first.ID())},
		{"?run=" + url.QueryEscape("<!-- second"), of(second.ID())},
		{"?run=gone", []string{"runs"}},
		{"?runs", []string{"runs"}},
	} {
		w := servertest.Get(t, h, "/"+c.query)
		var got []string
		for _, m := range preloadedElement.FindAllStringSubmatch(w.Body.String(), -1) {
			path := html.UnescapeString(m[1])
			got = append(got, path)
			if want := strings.TrimSpace(servertest.Get(t, h, "/api/v1/"+path).Body.String()); m[2] != want {
				t.Errorf("%s: %s is %.80s, want %.80s", c.query, path, m[2], want)
			}
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s brings %q, want %q", c.query, got, c.want)
		}
		if n := strings.Count(w.Body.String(), "<script"); n != len(got)+1 {
			t.Errorf("%s: %d scripts with %d answers", c.query, n, len(got))
		}
	}

	packed := servertest.Get(t, h, "/?run=first", "Accept-Encoding", "gzip")
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if n := len(preloadedElement.FindAll(plain, -1)); err != nil || n != 5 || !bytes.HasSuffix(plain, []byte("</html>\n")) || packed.Header().Get("Vary") != "Accept-Encoding" {
		t.Errorf("packed: %d answers, error %v, %v", n, err, packed.Header())
	}
	if w := servertest.Ask(h, "HEAD", "/", servertest.Here); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d with %d bytes", w.Code, w.Body.Len())
	}
}

// TestPreloadInPart: what is large is left to be asked for, and a store that cannot be read does not keep the page away.
func TestPreloadInPart(t *testing.T) {
	store := servertest.NewStore(t)
	run, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: "many", Notes: strings.Repeat("long ", 30_000)})
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]tracker.Sample, 5001)
	for i := range samples {
		samples[i] = tracker.Sample{ID: fmt.Sprint(i)}
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, store)
	h.SetPatience(time.Minute)
	page := servertest.Get(t, h, "/").Body.String()
	var got []string
	for _, m := range preloadedElement.FindAllStringSubmatch(page, -1) {
		got = append(got, html.UnescapeString(m[1]))
	}
	slices.Sort(got)
	if want := []string{"projections?run=" + run.ID(), "runs/" + run.ID() + "/epochs"}; !slices.Equal(got, want) {
		t.Errorf("preloaded %q, want %q", got, want)
	}
	if err := run.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	store.Close()
	if w := servertest.Get(t, h, "/"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "data-path") || !strings.HasSuffix(w.Body.String(), "</html>\n") {
		t.Errorf("with the store closed: %d, %.200s", w.Code, w.Body)
	}
}
