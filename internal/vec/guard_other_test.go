//go:build !unix

package vec

import "testing"

// guarded returns n floats; only Unix has guard pages.
func guarded(t testing.TB, n int) []float32 { return make([]float32, n) }
