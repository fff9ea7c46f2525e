package ops

import (
	"runtime"
	"testing"

	G "gorgonia.org/gorgonia"
)

// BenchmarkStep is one training step of the example: forward, backward, Adam.
func BenchmarkStep(b *testing.B) {
	s := example(128)
	s.flat = ChannelsLast
	r := s.ours(b, s.parameters())
	x, y := s.batch()
	solver, model := NewAdam(1e-3), G.NodesToValueGrads(r.p)
	step := func() {
		r.run(b, x, y)
		if err := solver.Step(model); err != nil {
			b.Fatal(err)
		}
	}
	step()
	b.ReportAllocs()
	start, n := cpuTime(), 0
	for b.Loop() {
		step()
		n++
	}
	b.ReportMetric(float64((cpuTime()-start).Microseconds())/1e3/float64(n), "cpu-ms/op")
	runtime.KeepAlive(r)
}
