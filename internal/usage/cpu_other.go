//go:build !unix && !windows

package usage

import "time"

// CPU returns the time since the program started: this system does not report processor time.
func CPU() time.Duration { return time.Since(started) }

var started = time.Now()
