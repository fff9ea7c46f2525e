//go:build unix

package ops

import (
	"syscall"
	"time"
)

// cpuTime is the processor time of the process so far: steadier than the clock
// on a machine with other work.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
