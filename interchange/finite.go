package interchange

import (
	"fmt"
	"math"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
)

// checkFinite names the first number of a matrix that is none, for the epoch at an index of the file.
func checkFinite(name string, epoch, epochs int, v []float32, dim int) error {
	for i, x := range v {
		if !cells.Finite(x) {
			return fmt.Errorf("%s: the value in epoch %d of %d, row %d, column %d is %v: want finite numbers",
				name, epoch+1, epochs, i/dim, i%dim, x)
		}
	}
	return nil
}

// present returns the rows of a matrix that are there: NaN throughout is a sample that is missing. What they are is for
// people. A row that is partly a number is an error.
func present(name, what string, epoch, epochs int, v []float32, dim int) (*Layer, error) {
	n := len(v) / dim
	l := &Layer{Dim: dim, Data: make([]float32, 0, len(v)), Rows: make([]int, 0, n)}
	for i := range n {
		row := v[i*dim : (i+1)*dim]
		missing := 0
		for c, x := range row {
			if math.IsInf(float64(x), 0) {
				return nil, fmt.Errorf("%s: the %s in epoch %d of %d, row %d, column %d is %v: want finite numbers, or NaN throughout for a sample that is missing",
					name, what, epoch+1, epochs, i, c, x)
			}
			if x != x {
				missing++
			}
		}
		switch missing {
		case 0:
			l.Data, l.Rows = append(l.Data, row...), append(l.Rows, i)
		case dim:
		default:
			return nil, fmt.Errorf("%s: the %s in epoch %d of %d, row %d is NaN in part: want numbers, or NaN throughout for a sample that is missing",
				name, what, epoch+1, epochs, i)
		}
	}
	if len(l.Rows) == n {
		l.Rows = nil
	}
	return l, nil
}
