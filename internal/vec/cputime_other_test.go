//go:build !unix

package vec

import "time"

var started = time.Now()

func cpuTime() time.Duration { return time.Since(started) }
