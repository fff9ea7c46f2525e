//go:build !unix

package usage

import "runtime"

// PeakRSS returns the bytes that Go's runtime has obtained from the system: close to the peak of the whole process, which
// this system does not report.
func PeakRSS() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
