package tracker_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// readmeLoop is the README's Go code, word for word, in a function of the reader's.
func readmeLoop(ctx context.Context, samples []tracker.Sample, epochs int, embeddings []float32, loss, accuracy float64) error {
	_, err := tracker.Init(ctx, "zoetrope.db", tracker.RunConfig{Experiment: "digits", Name: "first"})
	if err != nil {
		return err
	}
	if err := tracker.AddSamples(ctx, samples); err != nil { // once: what is embedded at every epoch, with ids, labels and thumbnails
		return err
	}
	for epoch := 1; epoch <= epochs; epoch++ {
		// … train, then embed the samples …
		err := tracker.Log(ctx, tracker.Epoch{
			Number:  epoch,
			Layers:  []tracker.Layer{{Name: "fc1", Dim: 128, Vectors: embeddings}}, // samples×128, row-major float32
			Metrics: tracker.Metrics{"loss": loss, "accuracy": accuracy},
		})
		if err != nil {
			return err
		}
	}
	return tracker.Finish(ctx)
}

// TestReadme holds each block of Go in the README against the code that is compiled here, and runs it.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(here), "\nfunc readmeLoop")
	blocks := strings.Split(string(readme), "```go\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the README has no Go code")
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```\n")
		indented := strings.ReplaceAll("\n"+strings.TrimSuffix(block, "\n"), "\n", "\n\t") + "\n}\n"
		if !strings.Contains(code, indented) {
			t.Errorf("this code of the README is not what is compiled:\n%s", block)
		}
	}
	dir := t.TempDir()
	t.Chdir(dir)
	ctx := context.Background()
	samples := []tracker.Sample{{ID: "0", Label: "seven"}, {ID: "1", Label: "two"}}
	if err := readmeLoop(ctx, samples, 3, make([]float32, 2*128), 0.5, 0.9); err != nil {
		t.Fatal(err)
	}
	store, err := tracker.Open(ctx, filepath.Join(dir, "zoetrope.db"), tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if info, err := store.Run(ctx, "digits/first"); err != nil || info.State != tracker.Finished || info.Epochs != 3 || info.Samples != 2 {
		t.Errorf("the run is %+v, %v", info, err)
	}
}
