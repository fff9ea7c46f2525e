package projector_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A run of three epochs is laid out on one map and asked about.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "zoetrope")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := tracker.Open(ctx, filepath.Join(dir, "zoetrope.db"), tracker.OpenOptions{Create: true})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	run := train(ctx, store)

	opts := projector.Defaults()
	opts.NNeighbors, opts.NEpochs = 10, 100
	p, err := projector.Project(ctx, store, []string{run.ID()}, opts, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Info().Points, "points by", p.Info().Method)

	points, err := p.Points(ctx, projector.Query{Epoch: 3})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(points), "points at epoch 3, the first is sample", points[0].Sample, "with label", points[0].Label)

	path, err := p.Trajectory(ctx, projector.Query{Samples: []string{"7"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sample 7 passes", len(path), "places")

	near, err := p.Neighbors(ctx, 3, "7", 5)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("its nearest sample at epoch 3 has label", near[0].Label)

	quality, err := p.Quality(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the classes part:", *quality.SilLast > *quality.SilFirst)
	// Output:
	// 120 points by umap
	// 40 points at epoch 3, the first is sample 0 with label even
	// sample 7 passes 3 places
	// its nearest sample at epoch 3 has label odd
	// the classes part: true
}

// train logs three epochs in which two classes of samples drift apart.
func train(ctx context.Context, store *tracker.Store) *tracker.Run {
	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "example", Name: "cnn"})
	if err != nil {
		log.Fatal(err)
	}
	var samples []tracker.Sample
	for i := range 40 {
		samples = append(samples, tracker.Sample{ID: fmt.Sprint(i), Label: []string{"even", "odd"}[i%2]})
	}
	if err := run.AddSamples(ctx, samples); err != nil {
		log.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for epoch := 1; epoch <= 3; epoch++ {
		vectors := make([]float32, 0, 40*8)
		for i := range 40 {
			for range 8 {
				vectors = append(vectors, float32(r.NormFloat64())+float32(2*(epoch-1)*(i%2)))
			}
		}
		err := run.Log(ctx, tracker.Epoch{Number: epoch, Layers: []tracker.Layer{{Name: "fc1", Dim: 8, Vectors: vectors}}})
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := run.Finish(ctx); err != nil {
		log.Fatal(err)
	}
	return run
}
