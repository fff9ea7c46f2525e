//go:build !purego

package vec

import (
	"os"

	"golang.org/x/sys/cpu"
)

var (
	best  = detect()
	level = choose(best, os.Getenv(LevelVariable))
)

// detect returns the highest level of this CPU. The cpu package reports a set
// only when the operating system saves its registers.
func detect() Level {
	x := &cpu.X86
	switch {
	case !(x.HasAVX2 && x.HasFMA && x.HasBMI1 && x.HasBMI2):
		return Generic
	case !(x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL):
		return AVX2
	}
	return AVX512
}

// size is the size of a float32, for strides in bytes.
const size = 4

func dot(x, y []float32) float32 {
	switch level {
	case AVX512:
		return dotAVX512(x, y)
	case AVX2:
		return dotAVX2(x, y)
	}
	return dotGeneric(x, y)
}

func sqDist(x, y []float32) float32 {
	switch level {
	case AVX512:
		return sqDistAVX512(x, y)
	case AVX2:
		return sqDistAVX2(x, y)
	}
	return sqDistGeneric(x, y)
}

func axpy(alpha float32, x, y []float32) {
	switch level {
	case AVX512:
		axpyAVX512(alpha, x, y)
	case AVX2:
		axpyAVX2(alpha, x, y)
	default:
		axpyGeneric(alpha, x, y)
	}
}

func nearer(found []int32, dots, norms []float32, limit float32) int {
	switch level {
	case AVX512:
		return nearerAVX512(found, dots, norms, limit)
	case AVX2:
		return nearerAVX2(found, dots, norms, limit)
	}
	return nearerGeneric(found, dots, norms, limit)
}

func below(x []float32, limit float32) int {
	switch level {
	case AVX512:
		return belowAVX512(x, limit)
	case AVX2:
		return belowAVX2(x, limit)
	}
	return belowGeneric(x, limit)
}

// tileShape returns the rows and columns of one tile.
func tileShape() (rows, cols int) {
	switch level {
	case AVX512:
		return 14, 32
	case AVX2:
		return 6, 16
	}
	return genericTile, genericTile
}

func tile(k int, x []float32, row, step int, y []float32, yStep int, c []float32, ldc int, alpha float32, add int) {
	switch level {
	case AVX512:
		tileAVX512(k, &x[0], uintptr(row)*size, uintptr(step)*size, &y[0], uintptr(yStep)*size, &c[0], uintptr(ldc)*size, alpha, add)
	case AVX2:
		tileAVX2(k, &x[0], uintptr(row)*size, uintptr(step)*size, &y[0], uintptr(yStep)*size, &c[0], uintptr(ldc)*size, alpha, add)
	default:
		tileGeneric(k, x, row, step, y, yStep, c, ldc, alpha, add)
	}
}

// packRows has its fast ways for whole panels of a tile's height or width; the
// rest of k and ragged panels are left to Go.
func packRows(dst []float32, width int, x []float32, ldx, rows, k int) {
	if rows == width && k >= 16 {
		n := k &^ 15
		_, _ = dst[k*width-1], x[(rows-1)*ldx+k-1]
		done := true
		switch {
		case level == AVX512 && width == 14:
			packRowsNarrowAVX512(n, &x[0], uintptr(ldx)*size, &dst[0], 14*size)
		case level == AVX512 && width == 32:
			packRowsVectorAVX512(n, &x[0], uintptr(ldx)*size, &dst[0], 32*size)
			packRowsVectorAVX512(n, &x[16*ldx], uintptr(ldx)*size, &dst[16], 32*size)
		case level == AVX2 && width == 6:
			packRowsNarrowAVX2(n, &x[0], uintptr(ldx)*size, &dst[0], 6*size)
		case level == AVX2 && width == 16:
			packRowsVectorAVX2(n, &x[0], uintptr(ldx)*size, &dst[0], 16*size)
			packRowsVectorAVX2(n, &x[8*ldx], uintptr(ldx)*size, &dst[8], 16*size)
		default:
			done = false
		}
		if done {
			dst, x, k = dst[n*width:], x[n:], k-n
		}
	}
	packRowsGeneric(dst, width, x, ldx, rows, k)
}

// transposeRows transposes as many rows as a vector has lanes, of which k is a
// multiple.
func transposeRows(dst []float32, ldd int, x []float32, ldx, k int) {
	if level == AVX512 {
		packRowsVectorAVX512(k, &x[0], uintptr(ldx)*size, &dst[0], uintptr(ldd)*size)
	} else {
		packRowsVectorAVX2(k, &x[0], uintptr(ldx)*size, &dst[0], uintptr(ldd)*size)
	}
}

func packColumns(dst []float32, width int, x []float32, ldx, cols, k int) {
	if cols < width {
		packColumnsGeneric(dst, width, x, ldx, cols, k)
		return
	}
	_, _ = dst[k*width-1], x[(k-1)*ldx+cols-1]
	switch {
	case level == AVX512 && width == 14:
		packColumnsNarrowAVX512(k, &x[0], uintptr(ldx)*size, &dst[0])
	case level == AVX512 && width == 32:
		packColumnsWideAVX512(k, &x[0], uintptr(ldx)*size, &dst[0])
	case level == AVX2 && width == 6:
		packColumnsNarrowAVX2(k, &x[0], uintptr(ldx)*size, &dst[0])
	case level == AVX2 && width == 16:
		packColumnsWideAVX2(k, &x[0], uintptr(ldx)*size, &dst[0])
	default:
		packColumnsGeneric(dst, width, x, ldx, cols, k)
	}
}

func winogradInput(v []float32, step, window int, x []float32, row, n int) {
	switch level {
	case AVX512:
		winogradInputAVX512(&v[0], uintptr(step)*size, uintptr(window)*size, &x[0], uintptr(row)*size, n)
	case AVX2:
		winogradInputAVX2(&v[0], uintptr(step)*size, uintptr(window)*size, &x[0], uintptr(row)*size, n)
	default:
		winogradInputGeneric(v, step, window, x, row, n)
	}
}

func winogradOutput(y []float32, code []uint8, m []float32, step int, bias []float32, k, n int) {
	switch level {
	case AVX512:
		winogradOutputAVX512(&y[0], &code[0], &m[0], uintptr(step)*size, &bias[0], k/16, n)
	case AVX2:
		winogradOutputAVX2(&y[0], &code[0], &m[0], uintptr(step)*size, &bias[0], k/8, n)
	default:
		winogradOutputGeneric(y, code, m, step, bias, k, n)
	}
}

func convPool(y []float32, code []uint8, k int, x []float32, row, c int, w, bias []float32, n int) {
	switch level {
	case AVX512:
		convPoolAVX512(n, &y[0], &code[0], uintptr(k), &x[0], uintptr(row)*size, uintptr(c)*size, 3*c, &w[0], &bias[0])
	case AVX2:
		convPoolAVX2(n, &y[0], &code[0], uintptr(k), &x[0], uintptr(row)*size, uintptr(c)*size, 3*c, &w[0], &bias[0])
	default:
		convPoolGeneric(y, code, k, x, row, c, w, bias, n)
	}
}

func poolGrad(dw, db, g []float32, code []uint8, k int, x []float32, row, c, n int) {
	if level == Generic {
		poolGradGeneric(dw, db, g, code, k, x, row, c, n)
		return
	}
	_, cols := tileShape()
	var spare [32]float32
	for i := range c {
		sum := db
		if i > 0 {
			sum = spare[:] // the biases count once
		}
		tap := uintptr(c*cols) * size
		if level == AVX512 {
			poolGradAVX512(n, &dw[i*cols], tap, &sum[0], &g[0], &code[0], uintptr(k), &x[i], uintptr(row)*size, uintptr(c)*size)
			continue
		}
		for h := 0; h < cols; h += 8 {
			poolGradAVX2(n, &dw[i*cols+h], tap, &sum[h], &g[h], &code[h], uintptr(k), &x[i], uintptr(row)*size, uintptr(c)*size)
		}
	}
}

func route(r *Routes, g []float32, code []uint8, first, next int, places *[4]uint32) int {
	switch level {
	case AVX512:
		return routeAVX512(r.wide, r.k, &g[0], &code[0], places, 2*16, 9*16, &r.byWindow[next].At, &r.count[4*first], &r.byChannel[0].At, &r.end[0])
	case AVX2:
		return routeAVX2(r.wide, r.k, &g[0], &code[0], places, 2*8, 9*8, &r.byWindow[next].At, &r.count[4*first], &r.byChannel[0].At, &r.end[0])
	}
	return routeGeneric(r, g, code, first, next, places)
}

func gather(dw []float32, list []Entry, x []float32, row int) float32 {
	switch level {
	case AVX512:
		return gatherAVX512(&dw[0], &list[0].At, len(list), &x[0], uintptr(row)*size)
	case AVX2:
		return gatherAVX2(&dw[0], &list[0].At, len(list), &x[0], uintptr(row)*size)
	}
	return gatherGeneric(dw, list, x, row)
}

func scatter(dx []float32, row, n int, list []Entry, count []uint32, w []float32) {
	if len(list) == 0 {
		return
	}
	switch level {
	case AVX512:
		scatterAVX512(&dx[0], uintptr(row)*size, n, &list[0].At, &count[0], &w[0])
	case AVX2:
		scatterAVX2(&dx[0], uintptr(row)*size, n, &list[0].At, &count[0], &w[0])
	default:
		scatterGeneric(dx, row, n, list, count, w)
	}
}

func copyVectors(n int, dst []float32, ldd int, x []float32, ldx int) {
	switch level {
	case AVX512:
		copyVectorsAVX512(n, &x[0], uintptr(ldx)*size, &dst[0], uintptr(ldd)*size)
	case AVX2:
		copyVectorsAVX2(n, &x[0], uintptr(ldx)*size, &dst[0], uintptr(ldd)*size)
	default:
		copyVectorsGeneric(n, dst, ldd, x, ldx)
	}
}

func adam(s *AdamStep, w, m, v, g []float32) {
	switch level {
	case AVX512:
		adamAVX512(&s.Beta1, w, m, v, g)
	case AVX2:
		adamAVX2(&s.Beta1, w, m, v, g)
	default:
		adamGeneric(s, w, m, v, g)
	}
}

// pull passes a field, which begins with Places, by its address.
func pull(f *Field, i int, cols []int32, steps []uint32, key uint32) (x, y float32) {
	if level == Generic || len(cols) == 0 {
		return pullGeneric(f, i, cols, steps, key)
	}
	if level == AVX512 {
		return pullAVX512(&f.Places, i, &cols[0], &steps[0], len(cols), key)
	}
	return pullAVX2(&f.Places, i, &cols[0], &steps[0], len(cols), key)
}
