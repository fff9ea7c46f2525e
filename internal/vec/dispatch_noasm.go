//go:build purego || !amd64

package vec

const best = Generic

var level = Generic

func dot(x, y []float32) float32         { return dotGeneric(x, y) }
func sqDist(x, y []float32) float32      { return sqDistGeneric(x, y) }
func axpy(alpha float32, x, y []float32) { axpyGeneric(alpha, x, y) }
func tileShape() (rows, cols int)        { return genericTile, genericTile }

func below(x []float32, limit float32) int { return belowGeneric(x, limit) }

func nearer(found []int32, dots, norms []float32, limit float32) int {
	return nearerGeneric(found, dots, norms, limit)
}

func tile(k int, x []float32, row, step int, y []float32, yStep int, c []float32, ldc int, alpha float32, add int) {
	tileGeneric(k, x, row, step, y, yStep, c, ldc, alpha, add)
}

func packRows(dst []float32, width int, x []float32, ldx, rows, k int) {
	packRowsGeneric(dst, width, x, ldx, rows, k)
}

func transposeRows(dst []float32, ldd int, x []float32, ldx, k int) {
	panic("vec: Go has no vectors")
}

func packColumns(dst []float32, width int, x []float32, ldx, cols, k int) {
	packColumnsGeneric(dst, width, x, ldx, cols, k)
}

func winogradInput(v []float32, step, window int, x []float32, row, n int) {
	winogradInputGeneric(v, step, window, x, row, n)
}

func winogradOutput(y []float32, code []uint8, m []float32, step int, bias []float32, k, n int) {
	winogradOutputGeneric(y, code, m, step, bias, k, n)
}

func convPool(y []float32, code []uint8, k int, x []float32, row, c int, w, bias []float32, n int) {
	convPoolGeneric(y, code, k, x, row, c, w, bias, n)
}

func poolGrad(dw, db, g []float32, code []uint8, k int, x []float32, row, c, n int) {
	poolGradGeneric(dw, db, g, code, k, x, row, c, n)
}

func route(r *Routes, g []float32, code []uint8, first, next int, places *[4]uint32) int {
	return routeGeneric(r, g, code, first, next, places)
}

func gather(dw []float32, list []Entry, x []float32, row int) float32 {
	return gatherGeneric(dw, list, x, row)
}

func scatter(dx []float32, row, n int, list []Entry, count []uint32, w []float32) {
	scatterGeneric(dx, row, n, list, count, w)
}

func copyVectors(n int, dst []float32, ldd int, x []float32, ldx int) {
	copyVectorsGeneric(n, dst, ldd, x, ldx)
}

func adam(s *AdamStep, w, m, v, g []float32) { adamGeneric(s, w, m, v, g) }

func pull(f *Field, i int, cols []int32, steps []uint32, key uint32) (x, y float32) {
	return pullGeneric(f, i, cols, steps, key)
}
