package usage

import (
	"testing"
	"time"
)

func TestCPU(t *testing.T) {
	before, began := CPU(), time.Now()
	for x := uint32(1); time.Since(began) < 200*time.Millisecond; {
		for range 1000 {
			x = x*1664525 + 1013904223
		}
	}
	if used := CPU() - before; used <= 0 {
		t.Errorf("200 ms of work took %v of processor time", used)
	}
}

func TestPeakRSS(t *testing.T) {
	before := PeakRSS()
	b := make([]byte, 64<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	if after := PeakRSS(); before <= 0 || after < 64<<20 || after < before {
		t.Errorf("peak %d bytes before taking 64 MiB, %d after", before, after)
	}
}
