package projector

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// reference reads E×n×d embeddings from the .npy file that $ZOETROPE_EMBEDDINGS names, and their labels from
// $ZOETROPE_LABELS if that names a file. Without the first, the test is skipped: it takes minutes and is read by people.
func reference(t *testing.T) (epochs [][]float32, dim int, labels []string) {
	t.Helper()
	path := os.Getenv("ZOETROPE_EMBEDDINGS")
	if path == "" {
		t.Skip("ZOETROPE_EMBEDDINGS names no file")
	}
	file, err := interchange.OpenMatrix(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for range file.Epochs {
		x, err := file.Next()
		if err != nil {
			t.Fatal(err)
		}
		epochs = append(epochs, slices.Clone(x))
	}
	labels = make([]string, file.Rows)
	if path := os.Getenv("ZOETROPE_LABELS"); path != "" {
		if labels, err = interchange.ReadLabels(path); err != nil || len(labels) != file.Rows {
			t.Fatalf("%d labels for %d samples, %v", len(labels), file.Rows, err)
		}
	}
	return epochs, file.Dim, labels
}

// startReference begins a run with the given samples.
func startReference(t *testing.T, store *tracker.Store, labels []string, samples []int) *tracker.Run {
	t.Helper()
	run, err := store.Start(t.Context(), tracker.RunConfig{Experiment: "test", Name: "reference"})
	if err != nil {
		t.Fatal(err)
	}
	var list []tracker.Sample
	for _, i := range samples {
		list = append(list, tracker.Sample{ID: fmt.Sprint(i), Label: labels[i]})
	}
	if err := run.AddSamples(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	return run
}

func logReference(t *testing.T, run *tracker.Run, epoch int, x []float32, dim int) {
	t.Helper()
	if err := run.Log(t.Context(), tracker.Epoch{Number: epoch, Layers: []tracker.Layer{{Name: "fc1", Dim: dim, Vectors: x}}}); err != nil {
		t.Fatal(err)
	}
}

// referenceModes are all, or those that $ZOETROPE_MODES names.
func referenceModes() []string {
	if modes := os.Getenv("ZOETROPE_MODES"); modes != "" {
		return strings.Split(modes, ",")
	}
	return Modes
}

func referenceOptions(mode string) Options {
	o := Defaults()
	o.Mode, o.NNeighbors, o.MinDist, o.NEpochs = mode, 20, 0.01, 200
	return o
}

// TestExtendReference lets a map grow epoch by epoch and prints what each takes, how far it moves what was there, and
// how the grown map compares with one fitted at once.
func TestExtendReference(t *testing.T) {
	epochs, dim, labels := reference(t)
	all := make([]int, len(labels))
	for i := range all {
		all[i] = i
	}
	for _, mode := range referenceModes() {
		store := newStore(t)
		run := startReference(t, store, labels, all)
		logReference(t, run, 1, epochs[0], dim)
		began := time.Now()
		p := project(t, store, referenceOptions(mode))
		t.Logf("%s: epoch 1 fitted in %.2f s", mode, time.Since(began).Seconds())
		for e := 2; e <= len(epochs); e++ {
			logReference(t, run, e, epochs[e-1], dim)
			before := placements(t, p, Query{AllEpochs: true})
			began := time.Now()
			p = extend(t, p)
			took := time.Since(began).Seconds()
			how := "extended"
			if p.Info().Extended == 0 {
				how = "refitted"
			}
			t.Logf("%s: epoch %d %s in %.2f s; what was there moved by %.4f of the map's radius (median)",
				mode, e, how, took, displacement(before, placements(t, p, Query{AllEpochs: true})))
		}
		report(t, p, mode+", grown")
		before := placements(t, p, Query{AllEpochs: true})
		began = time.Now()
		p, err := p.Refit(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: refitted in %.2f s; what was there moved by %.4f", mode, time.Since(began).Seconds(), displacement(before, placements(t, p, Query{AllEpochs: true})))
		report(t, p, mode+", refitted")
		began = time.Now()
		p = project(t, store, referenceOptions(mode))
		t.Logf("%s: fitted at once in %.2f s", mode, time.Since(began).Seconds())
		report(t, p, mode+", at once")
	}
}

// displacement is the median distance between the places of two maps, over the root-mean-square radius of the first.
func displacement(before, after []Coordinates) float64 {
	a := coordinates(before)
	b := coordinates(after)[:len(a)] // epochs stand in order
	var centre [2]float64
	n := float64(len(a) / 2)
	for i, v := range a {
		centre[i%2] += float64(v) / n
	}
	var square float64
	var moved []float64
	for i := 0; i < len(a); i += 2 {
		square += (math.Pow(float64(a[i])-centre[0], 2) + math.Pow(float64(a[i+1])-centre[1], 2)) / n
		moved = append(moved, math.Hypot(float64(b[i]-a[i]), float64(b[i+1]-a[i+1])))
	}
	slices.Sort(moved)
	return moved[len(moved)/2] / math.Sqrt(square)
}

func report(t *testing.T, p *Projection, name string) {
	t.Helper()
	q, err := p.ExactQuality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	line := name + ":"
	for _, m := range []struct {
		name  string
		value *float64
	}{
		{"trust_epoch", q.TrustEpoch}, {"knn15", q.KNN15}, {"knn50", q.KNN50}, {"sil_corr", q.SilCorr}, {"motion", q.Motion},
		{"own15", q.Own15}, {"motion_in", q.MotionIn}, {"pmax", q.PMax}, {"pmin", q.PMin}, {"pearson", q.Pearson},
		{"displacement", q.Displacement}, {"jump", q.Jump}, {"sil_first", q.SilFirst}, {"sil_last", q.SilLast},
	} {
		if m.value != nil {
			line += fmt.Sprintf(" %s %.3f", m.name, *m.value)
		}
	}
	t.Log(line)
}

// TestTransformReference fits a map to nine tenths of the samples, places the last tenth epoch by epoch, and prints how
// fast that is and how many of the fitted rows nearest to a placed one are nearest on the map, beside the fitted rows'.
func TestTransformReference(t *testing.T) {
	epochs, dim, labels := reference(t)
	var fitted, held []int
	for i := range labels {
		if i%10 == 3 {
			held = append(held, i)
		} else {
			fitted = append(fitted, i)
		}
	}
	pick := func(x []float32, rows []int) (out []float32) {
		for _, i := range rows {
			out = append(out, x[i*dim:(i+1)*dim]...)
		}
		return out
	}
	for _, mode := range referenceModes() {
		store := newStore(t)
		run := startReference(t, store, labels, fitted)
		var x, q, places []float32
		for e := range epochs {
			rows := pick(epochs[e], fitted)
			logReference(t, run, e+1, rows, dim)
			x = append(x, rows...)
		}
		p := project(t, store, referenceOptions(mode))
		began := time.Now()
		for e := range epochs {
			rows := pick(epochs[e], held)
			y, err := p.Transform(t.Context(), "", e+1, rows)
			if err != nil {
				t.Fatal(err)
			}
			q, places = append(q, rows...), append(places, y...)
		}
		took := time.Since(began).Seconds()
		y := coordinates(placements(t, p, Query{AllEpochs: true}))
		n, m := len(x)/dim, len(q)/dim
		t.Logf("%s: %d vectors placed among %d in %d calls: %.0f a second", mode, m, n, len(epochs), float64(m)/took)
		var some []int
		for i := range 1500 {
			some = append(some, i*7919%n)
		}
		placed15, placed50 := keptOf(t, slices.Concat(x, q), dim, slices.Concat(y, places), rangeOf(n, n+m), n)
		fitted15, fitted50 := keptOf(t, x, dim, y, some, n)
		t.Logf("%s: knn15 %.3f placed, %.3f fitted; knn50 %.3f placed, %.3f fitted", mode, placed15, fitted15, placed50, fitted50)
	}
}

// keptOf is the share of the 15 nearest of each of the given rows, among the first, that are among its 15 and 50 nearest on
// the map.
func keptOf(t *testing.T, x []float32, dim int, y []float32, rows []int, among int) (in15, in50 float64) {
	t.Helper()
	near := func(x []float32, dim, k int) []int32 {
		ix, err := space.NewIndex(x[:among*dim], dim, "euclidean", 0)
		if err != nil {
			t.Fatal(err)
		}
		var out []int32
		for _, i := range rows { // a row that is in the index finds itself
			knn, err := ix.Neighbors(t.Context(), x[i*dim:(i+1)*dim], k+1, 1, nil)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, slices.DeleteFunc(knn.Index, func(j int32) bool { return int(j) == i })[:k]...)
		}
		return out
	}
	original, laid := near(x, dim, 15), near(y, 2, 50)
	for i := range rows {
		for _, j := range original[i*15 : (i+1)*15] {
			if at := slices.Index(laid[i*50:(i+1)*50], j); at >= 0 {
				in50++
				if at < 15 {
					in15++
				}
			}
		}
	}
	all := float64(15 * len(rows))
	return in15 / all, in50 / all
}

func rangeOf(lo, hi int) (rows []int) {
	for i := lo; i < hi; i++ {
		rows = append(rows, i)
	}
	return rows
}
