package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestLife: every command that speaks of a map says which it is, and how far it is behind its run; --layer chooses it.
func TestLife(t *testing.T) {
	db := filepath.Join(t.TempDir(), "a.DB")
	t.Setenv("ZOETROPE_DB", db)
	log := func(change float32, layers []string, cut int, epochs ...int) {
		t.Helper()
		store, err := tracker.Open(t.Context(), db, tracker.OpenOptions{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		r, err := store.Start(t.Context(), tracker.RunConfig{Name: "loop", Resume: tracker.Allow})
		if err != nil {
			t.Fatal(err)
		}
		if samples, err := store.Samples(t.Context(), r.ID()); err == nil && len(samples) == 0 {
			var list []tracker.Sample
			for i := range 20 {
				list = append(list, tracker.Sample{ID: fmt.Sprint(i)})
			}
			if err := r.AddSamples(t.Context(), list); err != nil {
				t.Fatal(err)
			}
		}
		if cut >= 0 {
			if err := r.TruncateAfter(t.Context(), cut); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range epochs {
			epoch := tracker.Epoch{Number: e}
			for k, name := range layers {
				v := make([]float32, 20*(3+k))
				for i := range v {
					v[i] = float32(i*i%(17+e+k)) + change
				}
				epoch.Layers = append(epoch.Layers, tracker.Layer{Name: name, Dim: 3 + k, Vectors: v})
			}
			if err := r.Log(t.Context(), epoch); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// says runs a command, and returns all it says, and the exit status.
	says := func(args ...string) (string, int) {
		var out bytes.Buffer
		status := run(t.Context(), args, &out, &out)
		return out.String(), status
	}
	must := func(want string, args ...string) {
		t.Helper()
		text, status := says(args...)
		if !regexp.MustCompile(want).MatchString(text) || status != 0 {
			t.Errorf("zoetrope %s: status %d, says\n%s\nwant %s", strings.Join(args, " "), status, text, want)
		}
	}
	both := []string{"h1", "h2"}
	log(0, both, -1, 0, 1, 2, 3)
	must("h2", "project", "--layer", "h2", "--n-neighbors", "4")
	out := filepath.Join(t.TempDir(), "a.npz")
	plot := filepath.Join(t.TempDir(), "a.svg")

	// A layer without a map is not exported with that of another.
	must("20×3 vectors of layer h1, ", "export", "--layer", "h1", "-o", out)
	text, status := says("points", "--layer", "h1")
	if status != 1 || !regexp.MustCompile(`default/loop has no projection of layer "h1" yet: make one with 'zoetrope project --run \w+ --layer h1'`).MatchString(text) {
		t.Errorf("points of a layer without a map: status %d, %s", status, text)
	}
	must("h1", "project", "--layer", "h1", "--n-neighbors", "4", "--epochs", "0-:2", "--max-points", "30")
	must(`chosen +epochs 0-:2; as many samples of each run as made up to 30 points, those whose ids have the lowest SHA-256\n(?s:.*)points +30 in 2`, "project", "refit", "--layer", "h1")
	must("20×4 vectors of layer h2 and the map", "export", "--layer", "h2", "-o", out)
	for _, layer := range both {
		revision := map[string]string{"h1": "2", "h2": "1"}[layer]
		named := `(?m)^projection \w+: layer ` + layer + ` of default/loop, revision ` + revision + `$`
		for _, args := range [][]string{{"quality"}, {"points"}, {"neighbors", "--epoch", "0", "--sample", "SOME"}, {"plot", "-o", plot}} {
			if args[0] == "neighbors" {
				args[4] = map[string]string{"h1": chosen(t, layer), "h2": "0"}[layer]
			}
			must(named, append(args, "--layer", layer)...)
			if text, _ := says(append(args, "--layer", layer)...); strings.Contains(text, "behind") {
				t.Errorf("%q: a map is behind: %s", args, text)
			}
		}
	}
	log(0, both, -1, 2) // the same again
	must(`layer h2, umap balanced, 80 points, made [^,]*\n`, "show")
	log(1, both, 2, 1, 4)
	const behind = `(?m)^projection \w+ is behind by 3 epochs: 1 new, 1 changed, 1 removed; 'zoetrope project extend --projection \w+' brings it up to date$`
	for _, args := range [][]string{{"quality"}, {"points"}, {"plot", "-o", plot}, {"export", "-o", out}} {
		must(behind, append(args, "--layer", "h2")...)
	}
	must(behind, "export", "-o", out+".html")
	must(`(?s)is behind.*epoch 1 was logged again since it was placed: these are the neighbours now`, "neighbors", "--layer", "h2", "--epoch", "1", "--sample", "0")
	must(`layer h2, umap balanced, 80 points, made [^,]*, behind by 3 epochs: 1 new, 1 changed, 1 removed\n`, "show")
	must(`"run_names":\["default/loop"\],"behind":\{"new":1,"changed":0,"removed":0\}`, "show", "--json") // of h1, which shows every second epoch
	must(`80 in 2 dimensions`, "project", "extend", "--layer", "h2")
	must(`the map is not behind its runs: it is as it was`, "project", "extend", "--layer", "h2")
	must(`made [^,]*\n`, "show")

	id := regexp.MustCompile(`projection +(\w+): layer h2`).FindStringSubmatch(output(t, "show"))[1]
	text, status = says("points", "--projection", id, "--layer", "h1")
	if status != 1 || !strings.Contains(text, `is of layer "h2", not of "h1"`) {
		t.Errorf("a projection of another layer: status %d, %s", status, text)
	}
}

// chosen is a sample on the newest map of a layer.
func chosen(t *testing.T, layer string) string {
	return strings.Split(strings.Split(output(t, "points", "--layer", layer), "\n")[1], ",")[2]
}
