package usage

import (
	"bytes"
	"os"
	"strconv"
)

// unknownMemory is taken for what a machine has that does not say it.
const unknownMemory = 8 << 30

// Memory returns how many bytes of memory this process can have: the machine's, or less where its control group has a limit. 8 GiB
// is taken where neither can be read.
func Memory() int64 {
	has := int64(unknownMemory)
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range bytes.Lines(text) {
			if rest, ok := bytes.CutPrefix(line, []byte("MemTotal:")); ok {
				if kib, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte("kB")))), 10, 64); err == nil {
					has = kib << 10
				}
			}
		}
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if limit, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64); err == nil { // else "max"
			has = min(has, limit)
		}
	}
	return has
}
