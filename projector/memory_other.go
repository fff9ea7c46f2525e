//go:build !unix

package projector

import "runtime"

// peakRSS returns, in bytes, what Go's runtime has asked of the system so far: where nothing tells the peak of the
// whole process, this is close to it.
func peakRSS() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
