package tracker_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"

	"gonum.org/v1/gonum/mat"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// The lines that a training loop needs, with the default run.
func Example() {
	ctx := context.Background()
	path, remove := temporary("zoetrope.db")
	defer remove()
	samples := []tracker.Sample{{ID: "0", Label: "seven"}, {ID: "1", Label: "two"}}

	run, err := tracker.Init(ctx, path, tracker.RunConfig{Experiment: "digits", Name: "first"})
	check(err)
	check(tracker.AddSamples(ctx, samples))
	for epoch := 1; epoch <= 3; epoch++ {
		loss := train()
		check(tracker.Log(ctx, tracker.Epoch{
			Number:  epoch,
			Layers:  []tracker.Layer{{Name: "fc1", Dim: 4, Vectors: embed(samples)}}, // len(samples)×4, row-major
			Metrics: tracker.Metrics{"loss": loss},
		}))
	}
	check(tracker.Finish(ctx))

	fmt.Println(run.Experiment(), run.Name())
	// Output: digits first
}

// Reading what was logged: here after the run, but another process can do the same meanwhile.
func ExampleStore() {
	ctx := context.Background()
	path, remove := temporary("zoetrope.db")
	defer remove()
	store, err := tracker.Open(ctx, path, tracker.OpenOptions{Create: true})
	check(err)
	defer store.Close()
	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "digits", Name: "second", Params: map[string]any{"lr": 0.5}})
	check(err)
	check(run.AddSamples(ctx, []tracker.Sample{{ID: "0", Label: "seven"}, {ID: "1", Label: "two"}}))
	check(run.Log(ctx, tracker.Epoch{
		Number:  1,
		Step:    100,
		Layers:  []tracker.Layer{{Name: "fc1", Dim: 3, Vectors: []float32{1, 0, 0.5, 0, 1, 0.5}}},
		Outputs: &tracker.Outputs{Predictions: []string{"seven", "one"}},
		Metrics: tracker.Metrics{"loss": 0.25},
	}))
	check(run.Finish(ctx))

	info, err := store.Run(ctx, "digits/second")
	check(err)
	fmt.Println(info.Name, info.State, info.Params["lr"], info.Epochs, info.Layers)
	frame, err := store.Frame(ctx, "digits/second", "fc1", 1)
	check(err)
	fmt.Println(frame.IDs, frame.Dim, frame.Vectors)
	outputs, err := store.Outputs(ctx, "digits/second", 1)
	check(err)
	fmt.Println(outputs.IDs, outputs.Predictions)
	metrics, err := store.Metrics(ctx, "digits/second", "loss")
	check(err)
	fmt.Println(metrics[0].Name, metrics[0].Step, metrics[0].Value)
	// Output:
	// second finished 0.5 1 [fc1]
	// [0 1] 3 [1 0 0.5 0 1 0.5]
	// [0 1] [seven one]
	// loss 100 0.25
}

// Going on with a run that was stopped or killed, from the last epoch that was logged.
func ExampleStore_Start_resume() {
	ctx := context.Background()
	path, remove := temporary("zoetrope.db")
	defer remove()
	for range 2 { // the program is started twice
		store, err := tracker.Open(ctx, path, tracker.OpenOptions{Create: true})
		check(err)
		run, err := store.Start(ctx, tracker.RunConfig{Experiment: "digits", Name: "long", Resume: tracker.Allow})
		check(err)
		info, err := store.Run(ctx, run.ID())
		check(err)
		fmt.Println("going on after epoch", info.LastEpoch)
		check(run.Log(ctx, tracker.Epoch{Number: info.LastEpoch + 1, Metrics: tracker.Metrics{"loss": train()}}))
		check(store.Close()) // as if it were killed: the run is not ended
	}
	// Output:
	// going on after epoch 0
	// going on after epoch 1
}

// A layer whose vectors come in batches, here from two goroutines, and an epoch that is logged whole with it.
func ExampleRun_NewFrame() {
	ctx := context.Background()
	path, remove := temporary("zoetrope.db")
	defer remove()
	store, err := tracker.Open(ctx, path, tracker.OpenOptions{Create: true})
	check(err)
	defer store.Close()
	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "digits", Name: "ranks"})
	check(err)
	check(run.AddSamples(ctx, []tracker.Sample{{ID: "0"}, {ID: "1"}, {ID: "2"}, {ID: "3"}}))

	frame, err := run.NewFrame(ctx, 1, "fc1", 2)
	check(err)
	var ranks sync.WaitGroup
	ranks.Go(func() { check(frame.Append([]string{"3", "2"}, []float32{7, 8, 5, 6})) })
	ranks.Go(func() { check(frame.Append([]string{"0", "1"}, []float32{1, 2, 3, 4})) })
	ranks.Wait()
	check(run.Log(ctx, tracker.Epoch{Number: 1, Frames: []*tracker.FrameWriter{frame}, Metrics: tracker.Metrics{"loss": 0.5}}))
	check(run.Finish(ctx))

	stored, err := store.Frame(ctx, "ranks", "fc1", 1)
	check(err)
	fmt.Println(stored.IDs, stored.Vectors)
	// Output: [0 1 2 3] [1 2 3 4 5 6 7 8]
}

// A loop that does not wait for the disk, and goes on when something cannot be stored.
func ExampleRunConfig_async() {
	ctx := context.Background()
	path, remove := temporary("zoetrope.db")
	defer remove()
	store, err := tracker.Open(ctx, path, tracker.OpenOptions{Create: true})
	check(err)
	defer store.Close()
	run, err := store.Start(ctx, tracker.RunConfig{
		Experiment: "digits", Name: "quick", Async: true,
		OnError: func(err error) error {
			fmt.Println("not logged:", err)
			return nil // go on
		},
	})
	check(err)
	for step := range 3 {
		check(run.LogMetrics(ctx, step-1, tracker.Metrics{"loss": train()}))
	}
	check(run.Flush(ctx)) // now all is durable
	metrics, err := store.Metrics(ctx, "quick")
	check(err)
	fmt.Println(len(metrics), "metrics")
	check(run.Finish(ctx))
	// Output:
	// not logged: run digits/quick, step -1: must not be negative
	// 2 metrics
}

// Going on after a write whose answer was lost: the same batch under the same key is stored once.
func ExampleRun_Write() {
	ctx := context.Background()
	path, remove := temporary("zoetrope.db")
	defer remove()
	store, err := tracker.Open(ctx, path, tracker.OpenOptions{Create: true})
	check(err)
	defer store.Close()
	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "digits", Name: "remote"})
	check(err)
	batch := tracker.Batch{Key: "client 7, write 1", Samples: []tracker.Sample{{ID: "0", Label: "seven"}}}
	for range 2 {
		receipt, err := run.Write(ctx, batch)
		check(err)
		fmt.Println(receipt.Added, receipt.Samples, receipt.Repeated)
	}
	check(run.Finish(ctx))
	// Output:
	// 1 1 false
	// 1 1 true
}

// Vectors of a gonum matrix.
func ExampleMatrix() {
	embeddings := mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6})
	vectors, dim := tracker.Matrix(embeddings)
	layer := tracker.Layer{Name: "fc1", Dim: dim, Vectors: vectors}
	fmt.Println(layer.Dim, layer.Vectors)
	// Output: 3 [1 2 3 4 5 6]
}

func train() float64 { return 0.5 }

func embed(samples []tracker.Sample) []float32 { return make([]float32, 4*len(samples)) }

func temporary(name string) (path string, remove func()) {
	dir, err := os.MkdirTemp("", "zoetrope")
	check(err)
	return filepath.Join(dir, name), func() { os.RemoveAll(dir) }
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
