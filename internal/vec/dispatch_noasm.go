//go:build purego || !amd64

package vec

const best = Generic

var level = Generic

func dot(x, y []float32) float32         { return dotGeneric(x, y) }
func sqDist(x, y []float32) float32      { return sqDistGeneric(x, y) }
func axpy(alpha float32, x, y []float32) { axpyGeneric(alpha, x, y) }
func tileShape() (rows, cols int)        { return genericTile, genericTile }

func nearer(found []int32, dots, norms []float32, limit float32) int {
	return nearerGeneric(found, dots, norms, limit)
}

func tile(k int, x []float32, row, step int, y []float32, yStep int, c []float32, ldc int, alpha float32, add int) {
	tileGeneric(k, x, row, step, y, yStep, c, ldc, alpha, add)
}

func packRows(dst []float32, width int, x []float32, ldx, rows, k int) {
	packRowsGeneric(dst, width, x, ldx, rows, k)
}

func packColumns(dst []float32, width int, x []float32, ldx, cols, k int) {
	packColumnsGeneric(dst, width, x, ldx, cols, k)
}
