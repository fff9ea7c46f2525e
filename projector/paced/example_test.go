package paced_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/zoetrope-ml/zoetrope/projector/paced"
)

// Four samples move together, twice as far from the second epoch to the third as from the first to the second.
func Example() {
	ctx := context.Background()
	rows := paced.Rows{
		X:      []float32{0, 0, 4, 0, 0, 4, 4, 4, 1, 0, 5, 0, 1, 4, 5, 4, 3, 0, 7, 0, 3, 4, 7, 4},
		Dim:    2,
		Epoch:  []int32{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2},
		Sample: []int32{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3},
	}
	film, err := paced.New(ctx, rows, paced.Options{Dims: 2, Metric: "euclidean", Travel: 0.5, Seed: 42})
	if err != nil {
		log.Fatal(err)
	}
	y := append([]float32(nil), rows.X...) // where a layout would start
	if err := film.Begin(ctx, y, 6); err != nil {
		log.Fatal(err)
	}
	const passes = 50 // of a layout, which calls film.Pass after each
	for k := range passes {
		if err := film.Pass(ctx, y, 1-float64(k)/passes); err != nil {
			log.Fatal(err)
		}
	}
	if err := film.End(ctx, y); err != nil {
		log.Fatal(err)
	}
	first := math.Hypot(float64(y[8]-y[0]), float64(y[9]-y[1]))
	second := math.Hypot(float64(y[16]-y[8]), float64(y[17]-y[9]))
	fmt.Printf("the second transition has %.1f times the movement of the first\n", second/first)
	// Output: the second transition has 2.0 times the movement of the first
}
