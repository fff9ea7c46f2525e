package server_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// storeOf makes a store with a run r of so many samples, and epochs of vectors of dim columns, and returns its path.
func storeOf(t *testing.T, samples, epochs, dim int, thumbnail []byte) string {
	t.Helper()
	path := newStorePath(t)
	store, err := tracker.Open(t.Context(), path, tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "r"})
	if err != nil {
		t.Fatal(err)
	}
	list := make([]tracker.Sample, samples)
	for i := range list {
		list[i] = tracker.Sample{ID: strconv.Itoa(i), Thumbnail: thumbnail}
	}
	if err := run.AddSamples(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	vectors := make([]float32, samples*dim)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range vectors {
		vectors[i] = random.Float32()
	}
	for n := range epochs {
		if err := run.Log(t.Context(), tracker.Epoch{Number: n, Layers: []tracker.Layer{{Name: "fc1", Dim: dim, Vectors: vectors}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	return path
}

// atOnce asks for all paths at the same time, with a timeout, and says how many answers of each status came.
func (a *attacked) atOnce(timeout time.Duration, paths []string) string {
	var mu sync.Mutex
	count := map[string]int{}
	var all sync.WaitGroup
	for _, path := range paths {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(a.t.Context(), timeout)
			defer cancel()
			status, _, err := a.ask(ctx, "GET", path, "")
			what := strconv.Itoa(status)
			if err != nil {
				what = "abandoned"
			}
			mu.Lock()
			defer mu.Unlock()
			count[what]++
		})
	}
	all.Wait()
	return strings.TrimPrefix(fmt.Sprint(count), "map")
}

// cpu returns the processor time that the server has taken, user's and system's.
func (a *attacked) cpu() time.Duration {
	a.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", a.pid))
	if err != nil {
		a.t.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			a.t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100
}

// cpuAtRest is cpu when the server has had nothing to do for a second, or after two minutes.
func (a *attacked) cpuAtRest() time.Duration {
	a.t.Helper()
	now := a.cpu()
	for range 120 {
		time.Sleep(time.Second)
		before := now
		if now = a.cpu(); now-before <= 20*time.Millisecond {
			break
		}
	}
	return now
}

// TestAttackVectors: large answers at the same time share one budget of memory.
func TestAttackVectors(t *testing.T) {
	a := attack(t, storeOf(t, 20_000, 1, 512, nil))
	before := a.memory("VmHWM")
	got := a.atOnce(5*time.Minute, make12("runs/r/vectors?epoch=0"))
	grown := a.memory("VmHWM") - before
	t.Logf("vectors of 20,000×512 as JSON, 12 at once: %s; the peak of memory grew by %d MiB", got, grown)
	if grown > 1536 {
		t.Errorf("the peak of memory grew by %d MiB", grown)
	}
	if !strings.Contains(got, "200:") {
		t.Error("nobody was answered")
	}
}

func make12(path string) []string {
	paths := make([]string, 12)
	for i := range paths {
		paths[i] = path
	}
	return paths
}

// TestAttackNeighborhoods: what nobody waits for any more is not computed.
func TestAttackNeighborhoods(t *testing.T) {
	a := attack(t, storeOf(t, 8_000, 1, 64, nil))
	var paths []string
	for k := range 12 {
		paths = append(paths, fmt.Sprintf("runs/r/epochs/0/neighborhoods?k=%d", 80+k))
	}
	got := a.atOnce(time.Second, paths)
	left := a.cpu()
	t.Logf("neighbours of 8,000 samples, 12 at once, abandoned after 1 s: %s; the server then took %v of processor time", got, a.cpuAtRest()-left)
	a.must(200, "GET", "runs/r/epochs/0/neighborhoods?k=5", "")
}

// TestAttackThumbnails: large pictures are decoded a few at a time.
func TestAttackThumbnails(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA64(image.Rect(0, 0, 4096, 4096))); err != nil {
		t.Fatal(err)
	}
	path := storeOf(t, 4, 1, 2, b.Bytes())
	a := attack(t, path)
	var paths []string
	for i := range 8 { // runs with a sprite each
		id := fmt.Sprintf("s%d", i)
		a.must(201, "POST", "runs", `{"name": "`+id+`"}`)
		for s := range 4 {
			body := fmt.Sprintf(`{"samples": [{"id": "%d", "thumbnail": %q}]}`, s, base64Of(b.Bytes()))
			a.must(200, "POST", "runs/"+id+"/samples", body)
		}
		version := spriteOf(t, a.must(200, "GET", "runs/"+id+"/samples", ""))
		paths = append(paths, "runs/"+id+"/sprite/"+version+"/0")
	}
	before := a.memory("VmHWM")
	got := a.atOnce(5*time.Minute, paths)
	grown := a.memory("VmHWM") - before
	t.Logf("sheets of pictures of 4096×4096 pixels, 8 at once: %s; the peak of memory grew by %d MiB", got, grown)
	if grown > 1536 {
		t.Errorf("the peak of memory grew by %d MiB", grown)
	}
}

// TestAttackProjection: a map that cannot fit is refused, and says what it would take.
func TestAttackProjection(t *testing.T) {
	a := attack(t, storeOf(t, 100_000, 6, 2, nil))
	before := a.memory("VmHWM")
	status, answer, err := a.ask(t.Context(), "POST", "projections", `{"runs": ["r"], "n_neighbors": 1000}`)
	if err != nil {
		t.Fatal(err)
	}
	if status == 202 {
		time.Sleep(60 * time.Second)
	}
	t.Logf("a map of 600,000 points with 1,000 neighbours: %d %.300s; the peak of memory grew by %d MiB", status, answer, a.memory("VmHWM")-before)
	if status != 413 || !strings.Contains(string(answer), "GiB") {
		t.Errorf("answer %d, want 413 and how much it would take", status)
	}
}
