package page_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"image/png"
	"io"
	"math"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

func writeHTML(t testing.TB, store *tracker.Store, o page.HTMLOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := page.WriteHTML(t.Context(), &b, store, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// answersIn reads the answers in a file, by their addresses.
func answersIn(t *testing.T, file []byte) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for _, m := range regexp.MustCompile(`(?s)<script type="text/plain" data-path="([^"]*)" data-status="(\d+)"[^>]*>(.*?)</script>`).FindAllSubmatch(file, -1) {
		body, err := base64.StdEncoding.DecodeString(string(m[3]))
		if err != nil {
			t.Fatalf("%s: %v", m[1], err)
		}
		path := html.UnescapeString(string(m[1]))
		if !strings.HasSuffix(path, ".png") {
			z, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		if _, twice := found[path]; twice {
			t.Errorf("the file answers %s twice", path)
		}
		if string(m[2]) != "200" {
			body = []byte("status " + string(m[2]))
		}
		found[path] = body
	}
	return found
}

// TestWriteHTML: what the file holds is what the server answers.
func TestWriteHTML(t *testing.T) {
	_, store, run := shown(t)
	list, err := projector.List(t.Context(), store, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	servertest.NewTraining(10, "a").Log(t, store, "other", 1)
	h := newHandler(t, store)
	var last [2]int
	o := page.HTMLOptions{Run: "cnn", Projections: []string{list[0].ID}, Progress: func(done, total int) { last = [2]int{done, total} }}
	found := answersIn(t, writeHTML(t, store, o))
	if last[0] != len(found) || last[1] != len(found) {
		t.Errorf("the last progress was %v of %d answers", last, len(found))
	}
	kinds := map[string]int{}
	for path, body := range found {
		for _, kind := range []string{"provisional/", "positions", "trust", "neighborhoods", "outputs", ".png", "quality", "samples", "metrics"} {
			if strings.Contains(path, kind) {
				kinds[kind]++
			}
		}
		w := servertest.Get(t, h, "/api/v1/"+path)
		switch {
		case path == "runs" || strings.Contains(path, "provisional"): // has one run only; is another one each time
		case path == "projections?run="+run.ID() || strings.Contains(path, "/quality"), strings.HasSuffix(path, "/epochs"), strings.Contains(path, "/layout"):
			var a, b any
			if json.Unmarshal(body, &a) != nil || json.Unmarshal(w.Body.Bytes(), &b) != nil || fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("%s is %.200s, want %.200s", path, body, w.Body)
			}
		case w.Code != http.StatusOK || !bytes.Equal(body, w.Body.Bytes()):
			t.Errorf("%s holds %d bytes, and the server answers %d with %d others", path, len(body), w.Code, w.Body.Len())
		}
	}
	want := map[string]int{"provisional/": 5, "positions": 10, "trust": 5, "neighborhoods": 5, "outputs": 5, ".png": 1, "quality": 1, "samples": 1, "metrics": 1}
	if fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("the file holds %v, want %v", kinds, want)
	}
	var runs struct{ Runs []struct{ Name, Host string } }
	if err := json.Unmarshal(found["runs"], &runs); err != nil || len(runs.Runs) != 1 || runs.Runs[0].Name != "cnn" || runs.Runs[0].Host != "" {
		t.Errorf("the file's runs are %s", found["runs"])
	}
	for path, body := range found {
		if strings.HasSuffix(path, ".png") {
			if _, err := png.Decode(bytes.NewReader(body)); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestWriteHTMLEpochs: some epochs, and no map but the provisional one.
func TestWriteHTMLEpochs(t *testing.T) {
	_, store, run := shown(t)
	list, err := projector.List(t.Context(), store, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	found := answersIn(t, writeHTML(t, store, page.HTMLOptions{Epochs: []int{4, 2}, Projections: []string{list[0].ID}}))
	var layout struct{ Epochs []int }
	var quality projector.Quality
	var epochs struct{ Epochs []struct{ Number int } }
	base := "projections/" + list[0].ID
	for path, v := range map[string]any{base + "/layout?run=" + run.ID(): &layout, base + "/quality": &quality, "runs/" + run.ID() + "/epochs": &epochs} {
		if err := json.Unmarshal(found[path], v); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if got := fmt.Sprint(layout.Epochs, epochs.Epochs, len(quality.Epochs), len(quality.Transitions)); got != "[2 4] [{2} {4}] 2 0" {
		t.Errorf("the file has %s", got)
	}
	for path := range answersIn(t, writeHTML(t, store, page.HTMLOptions{})) {
		if strings.HasPrefix(path, "projections/") {
			t.Errorf("without maps the file holds %s", path)
		}
	}
	var b bytes.Buffer
	for _, o := range []page.HTMLOptions{{Run: "nobody"}, {Epochs: []int{9}}, {Projections: []string{"none"}}} {
		if err := page.WriteHTML(t.Context(), &b, store, o); !errors.Is(err, tracker.ErrNotFound) || b.Len() > 0 {
			t.Errorf("WriteHTML(%+v) = %v after %d bytes", o, err, b.Len())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := page.HTMLOptions{Progress: func(done, _ int) {
		if done == 4 {
			cancel()
		}
	}}
	if err := page.WriteHTML(ctx, &b, store, o); !errors.Is(err, context.Canceled) {
		t.Errorf("when cancelled, WriteHTML = %v", err)
	}
}

// TestFilePolicy: the file's policy names its script and its style, nothing in it is of elsewhere, and what users logged
// is nowhere in it as they wrote it.
func TestFilePolicy(t *testing.T) {
	store := hostile(t)
	list, err := projector.List(t.Context(), store, "")
	if err != nil {
		t.Fatal(err)
	}
	file := writeHTML(t, store, page.HTMLOptions{Projections: []string{list[0].ID}})
	policy := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindSubmatch(file)
	if policy == nil {
		t.Fatal("the file has no policy")
	}
	for _, part := range []string{"script", "style"} {
		blocks := regexp.MustCompile(`(?s)<`+part+`( type="module")?>(.*?)</`+part+`>`).FindAllSubmatch(file, -1)
		if len(blocks) != 1 {
			t.Fatalf("the file has %d blocks of %s", len(blocks), part)
		}
		sum := sha256.Sum256(blocks[0][2])
		if want := fmt.Sprintf("%s-src 'sha256-%s';", part, base64.StdEncoding.EncodeToString(sum[:])); !bytes.Contains(policy[1], []byte(want)) {
			t.Errorf("the policy %s lacks %s", policy[1], want)
		}
	}
	if !bytes.HasPrefix(policy[1], []byte("default-src 'none';")) || bytes.Contains(policy[1], []byte("connect")) || bytes.Contains(policy[1], []byte("unsafe")) {
		t.Errorf("the policy is %s", policy[1])
	}
	outside := regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>`).ReplaceAll(file, nil)
	for _, m := range regexp.MustCompile(`\b(?:src|href|srcset|action)="([^"]*)"`).FindAllSubmatch(outside, -1) {
		if !bytes.HasPrefix(m[1], []byte("data:")) && string(m[1]) != "?runs" {
			t.Errorf("the page names %s", m[1])
		}
	}
	for _, banned := range []string{"pwned=", "onerror=", "<img src=x", "assets/"} { // the name of a layer is in addresses: as %3Cimg
		if bytes.Contains(outside, []byte(banned)) || bytes.Contains(file, []byte(banned)) {
			t.Errorf("the file holds %q", banned)
		}
	}
	if n := bytes.Count(file, []byte("<script")); n != bytes.Count(file, []byte("</script")) {
		t.Errorf("%d scripts begin, and others end", n)
	}
}

// TestForecast: how large a file will be is told before it is written.
func TestForecast(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(400, "a", "b").Log(t, store, "cnn", 8)
	var told, progress int64
	file := writeHTML(t, store, page.HTMLOptions{
		Projections: []string{servertest.Project(t, store, run.ID(), 2).Info().ID},
		Forecast:    func(n int64) { told = n - 1e6*progress },
		Progress:    func(int, int) { progress++ },
	})
	page := int64(330_000) // of which is known how large it is
	if off := float64(told-int64(len(file))) / float64(int64(len(file))-page); math.Abs(off) > 0.15 || progress == 0 {
		t.Errorf("the file has %d bytes, and %d were foretold: %.0f %% off", len(file), told, 100*off)
	}
}
