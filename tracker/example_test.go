package tracker_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

func Example() {
	dir, err := os.MkdirTemp("", "zoetrope")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	store, err := tracker.Open(ctx, filepath.Join(dir, "zoetrope.db"), tracker.OpenOptions{Create: true})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "digits", Name: "first", Params: map[string]any{"lr": 3e-6}})
	if err != nil {
		log.Fatal(err)
	}
	if err := run.AddSamples(ctx, []tracker.Sample{{ID: "0", Label: "seven"}, {ID: "1", Label: "two"}}); err != nil {
		log.Fatal(err)
	}
	for epoch := 1; epoch <= 3; epoch++ {
		vectors := []float32{1, 0, float32(epoch), 0, 1, float32(epoch)} // what the layer made of the two samples
		err := run.Log(ctx, tracker.Epoch{
			Number:  epoch,
			Step:    epoch * 100,
			Layers:  []tracker.Layer{{Name: "fc1", Dim: 3, Vectors: vectors}},
			Outputs: &tracker.Outputs{Predictions: []string{"seven", "seven"}},
			Metrics: tracker.Metrics{"loss": 1 / float64(epoch)},
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := run.Finish(ctx); err != nil {
		log.Fatal(err)
	}

	info, err := store.Run(ctx, "digits/first")
	if err != nil {
		log.Fatal(err)
	}
	frame, err := store.Frame(ctx, info.ID, "fc1", 2)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.State, info.Epochs, info.Layers)
	fmt.Println(frame.IDs, frame.Vectors)
	// Output:
	// finished 3 [fc1]
	// [0 1] [1 0 2 0 1 2]
}
