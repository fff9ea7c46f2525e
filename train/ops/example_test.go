package ops_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/zoetrope-ml/zoetrope/train/ops"
)

// Four points, two classes, one layer: the loss falls with each step.
func Example() {
	g := G.NewGraph()
	x := G.NewMatrix(g, tensor.Float32, G.WithName("x"), G.WithValue(tensor.New(
		tensor.WithShape(4, 2), tensor.WithBacking([]float32{0, 1, 1, 3, 2, 0, 3, 1}))))
	labels := G.NewTensor(g, tensor.Int, 1, G.WithName("labels"), G.WithValue(tensor.New(
		tensor.WithShape(4), tensor.WithBacking([]int{0, 0, 1, 1}))))
	w := G.NewMatrix(g, tensor.Float32, G.WithName("w"), G.WithShape(2, 2), G.WithInit(G.Zeroes()))
	b := G.NewVector(g, tensor.Float32, G.WithName("b"), G.WithShape(2), G.WithInit(G.Zeroes()))

	y, err := ops.Linear(x, w, b, ops.LinearOptions{NoInputGradient: true})
	if err != nil {
		log.Fatal(err)
	}
	loss, err := ops.CrossEntropy(y, labels)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := G.Grad(loss, w, b); err != nil {
		log.Fatal(err)
	}
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	adam := ops.NewAdam(0.1)
	for range 3 {
		vm.Reset()
		if err := vm.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.3f\n", loss.Value().Data())
		if err := adam.Step([]G.ValueGrad{w, b}); err != nil {
			log.Fatal(err)
		}
	}

	// Output:
	// 0.693
	// 0.534
	// 0.407
}
