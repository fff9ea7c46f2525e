package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/zoetrope-ml/zoetrope/train"
)

func Example() {
	ctx := context.Background()
	data, err := train.Open("") // MNIST, from the Go module cache
	if err != nil {
		log.Fatal(err)
	}
	images, err := data.Train.First(64) // all of data.Train in earnest
	if err != nil {
		log.Fatal(err)
	}
	samples, err := data.Test.First(10)
	if err != nil {
		log.Fatal(err)
	}

	settings := train.Defaults()
	settings.LearningRate, settings.Batch = 1e-3, 32
	model, err := train.New(settings)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	for model.Epoch() < 2 {
		if _, err := model.Train(ctx, images, nil); err != nil {
			log.Fatal(err)
		}
		seen, err := model.Evaluate(ctx, samples)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("epoch", model.Epoch(), "embeddings", len(seen.Embeddings)/train.EmbeddingDim)
	}
	// Output:
	// epoch 1 embeddings 10
	// epoch 2 embeddings 10
}
