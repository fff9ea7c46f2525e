package umap_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/zoetrope-ml/zoetrope/projector/space"
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

// A model places rows that were not in its fit, also after it was saved and
// loaded.
func ExampleModel_Transform() {
	ctx := context.Background()
	const n, dim = 300, 4
	x := make([]float32, n*dim)
	for i := range x {
		x[i] = float32((i*i)%13) + 50*float32(i/dim%3) // three groups in turn
	}
	m, err := umap.Fit(ctx, x[:270*dim], dim, umap.Defaults(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	if err := m.Save(&file); err != nil {
		fmt.Println(err)
		return
	}
	if m, err = umap.Load(&file); err != nil {
		fmt.Println(err)
		return
	}
	y, err := m.Transform(ctx, x[270*dim:], nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	index, err := space.NewIndex(m.Embedding, m.Dims, "euclidean", 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	nearest, err := index.Neighbors(ctx, y, 1, 0, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	right := 0
	for i, j := range nearest.Index {
		if i%3 == int(j)%3 {
			right++
		}
	}
	fmt.Println(right, "of", len(nearest.Index), "placed in their group")
	// Output: 30 of 30 placed in their group
}
