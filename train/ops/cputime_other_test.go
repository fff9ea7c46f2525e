//go:build !unix

package ops

import "time"

var started = time.Now()

func cpuTime() time.Duration { return time.Since(started) }
