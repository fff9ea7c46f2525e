package vec_test

import (
	"fmt"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// The squared distances between three points of the plane, by a product of
// packed rows.
func Example() {
	points := []float32{0, 0, 3, 4, 6, 8} // 3×2
	left, right := vec.PackLeft(points, 2, 0), vec.PackRight(points, 2, 0)
	rows, cols := left.Step(), right.Step()
	dots := make([]float32, ((3+rows-1)/rows*rows)*((3+cols-1)/cols*cols))
	ld := vec.Products(dots, left, 0, 3, right, 0, 3)
	for i := range 3 {
		var d [3]float32
		for j := range d {
			d[j] = dots[i*ld+i] + dots[j*ld+j] - 2*dots[i*ld+j]
		}
		fmt.Println(d)
	}

	// Output:
	// [0 25 100]
	// [25 0 25]
	// [100 25 0]
}
