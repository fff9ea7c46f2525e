//go:build !unix

package usage

import "runtime"

// PeakRSS returns, in bytes, what Go's runtime has asked of the system so far: where nothing tells the peak of the
// whole process, this is close to it.
func PeakRSS() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
