package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
)

func TestMapShape(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string // shape, or part of the complaint
	}{
		{nil, "20x2000"},
		{[]string{"--points", "1000000"}, "20x50000"},
		{[]string{"--points", "3000000", "--samples", "1000000"}, "3x1000000"},
		{[]string{"--shape", "1x1000000"}, "1x1000000"},
		{[]string{"--points", "30", "--samples", "40"}, "--points 30: want epochs × samples, a multiple of 40"},
		{[]string{"--points", "0"}, "--points 0"},
		{[]string{"--points", "40", "--samples", "0"}, "--points 40"},
		{[]string{"--shape", "3x4", "--points", "12"}, "--shape says all"},
		{[]string{"--run", "a", "--points", "40"}, "--run takes a run as it is"},
		{[]string{"--seconds", "0"}, "--seconds 0, --scrubs 200, --loads 5: want more than 0"},
		{[]string{"--loads", "0"}, "--seconds 4, --scrubs 200, --loads 0: want more than 0"},
	} {
		cmd := viewCommand(&app{&cli.App{}})
		o := benchView{shape: mapShape{20, 2000}}
		f := cmd.Flags()
		if err := f.Parse(c.args); err != nil {
			t.Fatal(err)
		}
		o.points, _ = f.GetInt("points")
		o.samples, _ = f.GetInt("samples")
		o.run, _ = f.GetString("run")
		o.loads, _ = f.GetInt("loads")
		o.seconds, _ = f.GetFloat64("seconds")
		o.scrubs, _ = f.GetInt("scrubs")
		if err := o.shape.Set(f.Lookup("shape").Value.String()); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := o.size(cmd); err != nil {
			got = err.Error()
		} else {
			got = o.shape.String()
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %s, want %s", c.args, got, c.want)
		}
	}
}

// TestTracedScripts: a frame includes the scripts since the previous frame, a hover those until the next one, and
// a span within another counts once.
func TestTracedScripts(t *testing.T) {
	var events []traceEvent
	if err := json.Unmarshal([]byte(`[
		{"name":"FireAnimationFrame","ph":"X","pid":7,"tid":1,"ts":3000,"dur":2000,"tdur":1000},
		{"name":"FunctionCall","ph":"X","pid":7,"tid":1,"ts":3100,"dur":900,"tdur":900},
		{"name":"EventDispatch","ph":"X","pid":7,"tid":1,"ts":1000,"dur":600,"tdur":500,"args":{"data":{"type":"pointermove"}}},
		{"name":"EventDispatch","ph":"X","pid":7,"tid":1,"ts":2000,"dur":100,"tdur":100,"args":{"data":{"type":"mousemove"}}},
		{"name":"FunctionCall","ph":"X","pid":8,"tid":1,"ts":3000,"dur":5000,"tdur":5000},
		{"name":"Paint","ph":"X","pid":7,"tid":1,"ts":6000,"dur":5000,"tdur":5000},
		{"name":"EventDispatch","ph":"X","pid":7,"tid":1,"ts":12000,"dur":250,"args":{"data":{"type":"pointermove"}}},
		{"name":"FireAnimationFrame","ph":"X","pid":7,"tid":1,"ts":13000,"dur":2000,"tdur":2000}]`), &events); err != nil {
		t.Fatal(err)
	}
	list := scriptsOf(events)
	if got, want := frames(list), (sample{1.6, 2.25}); !slices.EqualFunc(got, want, near) {
		t.Errorf("frames %v, want %v", got, want)
	}
	if got, want := hovers(list), (sample{1.6, 2.25}); !slices.EqualFunc(got, want, near) {
		t.Errorf("hovers %v, want %v", got, want)
	}
	if _, err := sumUp("playing", nil); err == nil || !strings.Contains(err.Error(), "nothing of playing") {
		t.Errorf("without frames: %v", err)
	}
}

// TestShownAt: a frame is on screen when Chromium presents it, or the next one if it passes over that.
func TestShownAt(t *testing.T) {
	const mark = `{"name":"zoetrope: first map drawn","ph":"I","pid":7,"tid":1,"ts":5000}`
	frame := func(id string, start, shown, sequence int) string {
		return fmt.Sprintf(`,{"name":"AnimationFrame::Presentation","ph":"n","pid":7,"ts":%d,"args":{"id":"%s","begin_frame_id":{"sequence_number":%d}}},
			{"name":"AnimationFrame","ph":"b","pid":7,"ts":%d,"args":{"id":"%s"}},{"name":"AnimationFrame","ph":"f","pid":7,"ts":%d}`, shown, id, sequence, start, id, start+1)
	}
	before, after := frame("a", 1000, 4900, 1), frame("c", 6000, 9500, 3)
	const other = `,{"name":"AnimationFrame","ph":"b","pid":8,"ts":4999,"args":{"id":"d"}},{"name":"AnimationFrame::Presentation","ph":"n","pid":8,"ts":5100,"args":{"id":"d","begin_frame_id":{"sequence_number":9}}}`
	for _, c := range []struct {
		name, events string
		want         float64
		complaint    string
	}{
		{"shown", mark + before + frame("b", 4500, 8000, 2) + after + other, 103, ""},
		{"shown after the next", mark + before + frame("b", 4500, 9600, 2) + after, 104.6, ""},
		{"passed over", mark + before + frame("b", 4500, 5001, 0) + after, 104.5, ""},
		{"never", mark + before + other, 0, "does not say when"},
		{"no mark", `{"name":"AnimationFrame","ph":"b","pid":7,"ts":1}`, 0, "no mark"},
	} {
		var events []traceEvent
		if err := json.Unmarshal([]byte("["+c.events+"]"), &events); err != nil {
			t.Fatal(err)
		}
		got, err := shownAt(events, 100)
		if said := fmt.Sprint(err); c.complaint != "" && !strings.Contains(said, c.complaint) || (err == nil) != (c.complaint == "") || !near(got, c.want) {
			t.Errorf("%s: %v, error %v; want %v, %q", c.name, got, err, c.want, c.complaint)
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// needBrowser skips a test, loudly, where there is no Chromium, and gives it a temporary folder to look at.
func needBrowser(t *testing.T) (temp string) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a browser")
	}
	_, err := findBrowser("")
	if err != nil {
		const lacks = "SKIPPED: 'zoetrope-bench view' (needs chromium: apt-get install chromium)"
		if os.Getenv("ZOETROPE_REQUIRE_ALL") == "1" {
			t.Fatal(lacks)
		}
		t.Skip(lacks)
	}
	temp, err = os.MkdirTemp("", "z") // t.TempDir would be too long for Chromium's socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(temp) })
	t.Setenv("TMPDIR", temp)
	return temp
}

// left returns the names of the files in a folder.
func left(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestBenchView(t *testing.T) {
	traces := filepath.Join(t.TempDir(), "traces")
	temp := needBrowser(t)
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"view", "--shape", "3x60", "--loads", "2", "--seconds", "0.5", "--scrubs", "5", "--trace", traces, "--json"}, &out, &errs); status != 0 {
		t.Fatalf("status %d\n%s", status, errs.String())
	}
	var r viewResult
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Epochs != 3 || r.Samples != 60 || r.Points != 180 || r.Run != "bench/view" || !strings.Contains(r.Browser, "Chrome") {
		t.Errorf("measured %+v", r)
	}
	for name, s := range map[string]scriptTimes{"play": r.Play, "scrub": r.Scrub, "hover": r.Hover} {
		if s.Count < 1 || s.Median <= 0 || s.Max < s.P95 || s.P95 < s.Median {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if r.Hover.Count > 60 || r.FirstMap <= 0 || r.AllEpochs <= 0 || len(r.FirstMaps) != 2 || r.FirstMap < slices.Min(r.FirstMaps) || r.FirstMap > slices.Max(r.FirstMaps) || r.Allocated.Frames < 1 || r.Allocated.All < r.Allocated.Own || r.HeapBefore < 100_000 || r.HeapAfter < 100_000 || r.Scrubs != 5 {
		t.Errorf("measured %+v", r)
	}
	if r.Uploaded != 0 {
		t.Errorf("%d bytes were uploaded while it moved", r.Uploaded)
	}
	if got := left(t, traces); !slices.Equal(got, []string{"hovering.json", "loading-1.json", "loading-2.json", "playing.json", "scrubbing.json"}) {
		t.Errorf("traces %v", got)
	}
	if got := left(t, temp); len(got) > 0 {
		t.Errorf("it leaves %v", got)
	}
}

// TestBenchViewInterrupted: it stops at once, Chromium with it, and nothing is left.
func TestBenchViewInterrupted(t *testing.T) {
	temp := needBrowser(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	done := make(chan int)
	go func() { done <- run(ctx, []string{"view", "--shape", "3x60", "--seconds", "60"}, &out, &errs) }()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) { // until Chromium keeps something of its own
		if found, _ := filepath.Glob(filepath.Join(temp, "zoetrope-*", "chromium", "Default")); len(found) > 0 {
			break
		}
		if time.Since(began) > 30*time.Second {
			t.Fatalf("Chromium does not start\n%s", errs.String())
		}
	}
	cancel()
	if status := <-done; status != 1 || !strings.HasPrefix(errs.String(), "zoetrope-bench: interrupted") {
		t.Errorf("status %d, stderr %q", status, errs.String())
	}
	if got := left(t, temp); len(got) > 0 {
		t.Errorf("it leaves %v", got)
	}
}

func TestNoBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if path, err := findBrowser(""); err == nil {
		t.Skipf("there is a browser outside the path: %s", path)
	}
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"view"}, &out, &errs); status != 1 || !strings.Contains(errs.String(), "apt-get install chromium") {
		t.Errorf("status %d, %s", status, errs.String())
	}
	if status := run(t.Context(), []string{"view", "--browser", "none"}, &out, &errs); status != 1 || !strings.Contains(errs.String(), "--browser none: there is no such program") {
		t.Errorf("status %d, %s", status, errs.String())
	}
}
