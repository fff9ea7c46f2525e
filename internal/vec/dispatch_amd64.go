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
