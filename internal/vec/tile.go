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
