package train

import (
	"runtime"
	"testing"
)

// A step allocates what Gorgonia's machine does to run a program, and nothing of ours.
func TestStepAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they hold while the race detector is on")
	}
	const steps, size = 50, 16
	m := newTestModel(t, Settings{LearningRate: 1e-3, Batch: size, Seed: 1})
	set := stripes(steps*size, 1)
	epoch := func(each func(Batch) error) {
		if _, err := m.Train(t.Context(), set, each); err != nil {
			t.Fatal(err)
		}
	}
	epoch(nil)
	perStep := func(f func()) float64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc-before.TotalAlloc) / steps
	}
	whole := perStep(func() { epoch(func(Batch) error { return nil }) })
	if whole > 16<<10 {
		t.Errorf("a step allocates %g bytes, want at most 16 KiB", whole)
	}

	g, b := m.learners[size], wholeBatch(m, &Set{set.Images[:size*Pixels], set.Labels[:size]})
	machine := perStep(func() {
		for range steps {
			if err := g.run(b); err != nil {
				t.Error(err)
			}
		}
	})
	t.Logf("%g bytes a step, of which Gorgonia's machine %g", whole, machine)
	if whole > machine+256 { // an epoch's own, shared out
		t.Errorf("a step allocates %g bytes, Gorgonia's machine %g of them", whole, machine)
	}
	if n := testing.AllocsPerRun(10, func() {
		if err := m.adam.Step(g.learn); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("the solver allocates %g times a step, want 0", n)
	}
}

// BenchmarkStep is a training step of 128 images, with all that surrounds it.
func BenchmarkStep(b *testing.B) {
	m, err := New(Defaults())
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	const steps = 20
	set := stripes(steps*128, 1)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := m.Train(b.Context(), set, nil); err != nil {
			b.Fatal(err)
		}
		n += steps
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(n), "ms/step")
}
