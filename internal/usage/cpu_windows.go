package usage

import (
	"syscall"
	"time"
)

// CPU returns the processor time of all threads, in the program and in the kernel. It advances by
// the system's timer, some 16 ms at a time.
func CPU() time.Duration {
	p, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0
	}
	var created, ended, kernel, user syscall.Filetime
	if syscall.GetProcessTimes(p, &created, &ended, &kernel, &user) != nil {
		return 0
	}
	return span(kernel) + span(user)
}

// span reads a length of time, which Windows counts in 100 ns.
func span(t syscall.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}
