// Package vec holds the float32 kernels that training and projection share.
//
// Each kernel has a generic version in Go, which is also its definition, and
// versions for AVX-512 and for AVX2 with FMA, chosen once when the program
// starts: see [CPU]. Results of one level do not depend on the number of
// workers, bit for bit; results of different levels differ by rounding.
//
// Kernels panic when lengths do not fit. Matrices are row-major slices with the
// distance between rows, counted in elements, beside them.
package vec

//go:generate go run -C _gen .
