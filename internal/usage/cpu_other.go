//go:build !unix && !windows

package usage

import "time"

// CPU returns the time since the program started: nothing here tells the processor time.
func CPU() time.Duration { return time.Since(started) }

var started = time.Now()
