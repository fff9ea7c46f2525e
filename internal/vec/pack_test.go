package vec

import (
	"slices"
	"testing"
)

func TestPack(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rows, cols := tileShape()
		for _, width := range []int{rows, cols} {
			for _, used := range []int{width, width - 1, 1} {
				for k := 1; k <= maxLen; k++ {
					ld := k + 2
					x := fill(guarded(t, (used-1)*ld+k), 1)
					got, want := guarded(t, k*width), make([]float32, k*width)
					packRows(got, width, x, ld, used, k)
					packRowsGeneric(want, width, x, ld, used, k)
					if !slices.Equal(got, want) {
						t.Fatalf("packRows(width=%d, rows=%d, k=%d) differs from Go's", width, used, k)
					}
					ld = used + 2
					x = fill(guarded(t, (k-1)*ld+used), 1)
					packColumns(got, width, x, ld, used, k)
					packColumnsGeneric(want, width, x, ld, used, k)
					if !slices.Equal(got, want) {
						t.Fatalf("packColumns(width=%d, cols=%d, k=%d) differs from Go's", width, used, k)
					}
				}
			}
		}
	})
}

func TestTranspose(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for rows := range 40 {
			for cols := range 70 {
				x, dst := guarded(t, max(0, (rows-1)*(cols+1)+cols)), guarded(t, max(0, (cols-1)*(rows+2)+rows))
				fill(x, 1)
				Transpose(dst, rows+2, x, cols+1, rows, cols)
				for r := range rows {
					for j := range cols {
						if dst[j*(rows+2)+r] != x[r*(cols+1)+j] {
							t.Fatalf("Transpose(%d×%d): [%d][%d] differs", rows, cols, j, r)
						}
					}
				}
			}
		}
	})
}
