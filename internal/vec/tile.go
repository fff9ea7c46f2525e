package vec

// The products are built from tiles of C as large as the registers hold:
//
//	for r := range rows {
//		for j := range cols {
//			var sum float32
//			for p := range k {
//				sum += x[r*row+p*step] * y[p*yStep+j]
//			}
//			c[r*ldc+j] = alpha*sum + add*c[r*ldc+j] // add is 0 or 1; with 0, c is not read
//		}
//	}
//
// with rows and cols from tileShape, and k at least 1.

// TileShape returns the rows and columns of a tile at this level. The columns are
// also the output channels in a panel of the convolution kernels.
func TileShape() (rows, cols int) { return tileShape() }

// Lanes returns the floats in a vector at this level; channels are padded to a multiple of it.
func Lanes() int {
	switch level {
	case AVX512:
		return 16
	case AVX2:
		return 8
	}
	return genericLanes
}

// genericLanes is the padding of channels in Go code.
const genericLanes = 8

// Tiles multiplies m rows of x by the columns of packed panels, whole tiles at a
// time:
//
//	for i := range m {
//		for j := range n {
//			c[i*ldc+j] = Σ_p x[i*ldx+p] * panels[(j/cols*k+p)*cols+j%cols] // p < k
//		}
//	}
//
// It reads rows of x and writes rows of c up to m rounded up to whole tiles; n
// must be a multiple of the tile's columns.
func Tiles(c []float32, ldc int, x []float32, ldx, m, k int, panels []float32, n int) {
	rows, cols := tileShape()
	if m == 0 || n == 0 || k == 0 {
		return
	}
	whole := (m + rows - 1) / rows * rows
	mustFit(n%cols == 0 && len(panels) >= n*k && len(x) >= (whole-1)*ldx+k && len(c) >= (whole-1)*ldc+n)
	for i := 0; i < m; i += rows {
		for j := 0; j < n; j += cols {
			tile(k, x[i*ldx:], ldx, 1, panels[j*k:], cols, c[i*ldc+j:], ldc, 1, 0)
		}
	}
}

// genericTile is the side of the tile of Go code.
const genericTile = 4

func tileGeneric(k int, x []float32, row, step int, y []float32, yStep int, c []float32, ldc int, alpha float32, add int) {
	for r := range genericTile {
		var s0, s1, s2, s3 float32
		xi, yi := r*row, 0
		for range k {
			v, w := x[xi], y[yi:yi+4:yi+4]
			s0 += v * w[0]
			s1 += v * w[1]
			s2 += v * w[2]
			s3 += v * w[3]
			xi += step
			yi += yStep
		}
		d := c[r*ldc : r*ldc+4 : r*ldc+4]
		if add == 0 {
			d[0], d[1], d[2], d[3] = alpha*s0, alpha*s1, alpha*s2, alpha*s3
			continue
		}
		d[0] += alpha * s0
		d[1] += alpha * s1
		d[2] += alpha * s2
		d[3] += alpha * s3
	}
}
