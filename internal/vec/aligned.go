package vec

import "unsafe"

// cacheLine is the size in bytes of a cache line, and of the longest vector.
const cacheLine = 64

// Aligned returns n zeroed floats that start at a cache line, where the kernels
// read them fastest.
func Aligned(n int) []float32 {
	const floats = cacheLine / 4
	s := make([]float32, n+floats)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(s))) % cacheLine / 4)
	return s[skip : skip+n : skip+n]
}
