package umap_test

import (
	"context"
	"fmt"

	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

// Two groups of points in five dimensions stay two groups on the map.
func Example() {
	const n, dim = 200, 5
	x := make([]float32, n*dim)
	for i := range x {
		x[i] = float32((i * i) % 17)
		if i/dim%2 == 1 {
			x[i] += 100 // every other row
		}
	}
	o := umap.Defaults()
	o.NNeighbors = 10
	m, err := umap.Fit(context.Background(), x, dim, o, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var even, odd float32
	for i := range n {
		if i%2 == 0 {
			even += m.Embedding[2*i] / (n / 2)
		} else {
			odd += m.Embedding[2*i] / (n / 2)
		}
	}
	fmt.Println(m.N, m.Dims, max(even-odd, odd-even) > 5)
	for _, s := range m.Stages {
		fmt.Println(s.Name)
	}
	// Output:
	// 200 2 true
	// neighbors
	// graph
	// init
	// layout
}
