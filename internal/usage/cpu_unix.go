//go:build unix

package usage

import (
	"syscall"
	"time"
)

// CPU returns the processor time of all threads, in the program and in the kernel. It is steadier than
// the clock on a machine with other work.
func CPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
