package figure_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/zoetrope-ml/zoetrope/figure"
)

// Two epochs of three samples.
func Example() {
	g := figure.Grid{
		Title: "mnist/cnn", Classes: []string{"3", "8"},
		Panels: []figure.Panel{
			{Title: "epoch 1", X: []float32{0, 1, 0.5}, Y: []float32{0, 0, 1}, Class: []int{0, 1, 1}},
			{Title: "epoch 2", X: []float32{0, 2, 2.5}, Y: []float32{0, 1, 1}, Class: []int{0, 1, 1}},
		},
	}
	var file bytes.Buffer
	if err := g.Draw(&file, "svg"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.HasPrefix(file.Bytes(), []byte("<?xml")))
	// Output:
	// true
}
