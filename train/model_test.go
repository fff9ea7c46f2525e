package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// quick settings learn the stripes within a few steps.
func quick() Settings { return Settings{LearningRate: 3e-3, Batch: 16, Seed: 7} }

func TestTrain(t *testing.T) {
	set := stripes(3*16+3, 1) // the last batch has 3
	m := newTestModel(t, quick())
	var batches []Batch
	var first, last float64
	for epoch := 1; epoch <= 4; epoch++ {
		batches = batches[:0]
		loss, err := m.Train(t.Context(), set, func(b Batch) error {
			batches = append(batches, b)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(batches) != 4 || m.Epoch() != epoch || m.Step() != 4*epoch {
			t.Fatalf("%d batches, epoch %d, step %d, want 4, %d, %d", len(batches), m.Epoch(), m.Step(), epoch, 4*epoch)
		}
		var sum float64
		for i, b := range batches {
			if want := (Batch{epoch, i, 4, 4*(epoch-1) + i + 1, b.Loss}); b != want {
				t.Errorf("batch %+v, want %+v", b, want)
			}
			sum += b.Loss
		}
		if math.Abs(loss-sum/4) > 1e-12 {
			t.Errorf("loss %g, want the mean of the batches' %g", loss, sum/4)
		}
		if epoch == 1 {
			first = loss
		}
		last = loss
	}
	if last > first/2 {
		t.Errorf("loss went from %g to %g, want less than half", first, last)
	}
	e, err := m.Evaluate(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	if e.Accuracy < 0.9 {
		t.Errorf("accuracy %g, want 0.9 on what it learned", e.Accuracy)
	}
}

// Every image counts once an epoch, those of the last, smaller batch too.
func TestLastBatchLearns(t *testing.T) {
	m := newTestModel(t, Settings{LearningRate: 1e-3, Batch: 16, Seed: 1})
	if _, err := m.Train(t.Context(), stripes(3, 1), nil); err != nil {
		t.Fatal(err)
	}
	fresh := newTestModel(t, m.Settings())
	if m.Step() != 1 || bytes.Equal(encoded(t, m), encoded(t, fresh)) {
		t.Errorf("a batch of 3 of 16 has not changed the weights")
	}
}

func TestSeedDecides(t *testing.T) {
	set := stripes(18, 1)
	train := func(seed uint64) []byte {
		s := quick()
		s.Seed = seed
		m := newTestModel(t, s)
		for range 2 {
			if _, err := m.Train(t.Context(), set, nil); err != nil {
				t.Fatal(err)
			}
		}
		return encoded(t, m)
	}
	a := train(1)
	if !bytes.Equal(a, train(1)) {
		t.Error("the same seed gives other weights")
	}
	if bytes.Equal(a, train(2)) {
		t.Error("another seed gives the same weights")
	}
}

// On any number of CPUs, the weights and the outputs are the same, bit for bit.
func TestCPUsDoNotMatter(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	set := stripes(2*48+7, 1)
	var weights []byte
	var seen *Evaluation
	for _, cpus := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(cpus)
		m := newTestModel(t, Settings{LearningRate: 1e-3, Batch: 48, Seed: 7})
		for range 2 {
			if _, err := m.Train(t.Context(), set, nil); err != nil {
				t.Fatal(err)
			}
		}
		e, err := m.Evaluate(t.Context(), set)
		if err != nil {
			t.Fatal(err)
		}
		w := encoded(t, m)
		if cpus == 1 {
			weights, seen = w, e
		}
		if !bytes.Equal(w, weights) {
			t.Errorf("with %d CPUs the weights are others than with 1", cpus)
		}
		if !reflect.DeepEqual(e, seen) {
			t.Errorf("with %d CPUs the evaluation is another than with 1", cpus)
		}
	}
}

func TestResumeIsExact(t *testing.T) {
	set, path := stripes(18, 1), filepath.Join(t.TempDir(), "m.ckpt")
	whole := newTestModel(t, quick())
	for epoch := 1; epoch <= 3; epoch++ {
		if _, err := whole.Train(t.Context(), set, nil); err != nil {
			t.Fatal(err)
		}
		if epoch == 1 {
			if err := whole.Save(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	m, err := Load(path, quick())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Epoch() != 1 || m.Step() != 2 {
		t.Fatalf("loaded epoch %d, step %d, want 1, 2", m.Epoch(), m.Step())
	}
	for m.Epoch() < 3 {
		if _, err := m.Train(t.Context(), set, nil); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(encoded(t, m), encoded(t, whole)) {
		t.Error("going on from a checkpoint ends at other weights")
	}
	if _, err := m.Train(t.Context(), stripes(18, 2), nil); err == nil || !strings.Contains(err.Error(), "not the images trained on before") {
		t.Errorf("other images: %v, want a refusal", err)
	}
}

// TestSetLearningRate: what is learned at a rate that was set is what is learned by a model made with it.
func TestSetLearningRate(t *testing.T) {
	set := stripes(32, 1)
	slow := quick()
	slow.LearningRate = 1e-6
	weights := func(s Settings, rate float64) []float32 {
		m := newTestModel(t, s)
		if err := m.SetLearningRate(rate); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Train(t.Context(), set, nil); err != nil {
			t.Fatal(err)
		}
		if m.Settings().LearningRate != rate {
			t.Errorf("the settings say %g, want %g", m.Settings().LearningRate, rate)
		}
		return slices.Clone(m.parameters[0].weights())
	}
	made, later := weights(quick(), quick().LearningRate), weights(slow, quick().LearningRate)
	if !slices.Equal(made, later) || slices.Equal(made, weights(quick(), 1e-6)) {
		t.Error("the rate that was set is not what decides")
	}
	if err := newTestModel(t, quick()).SetLearningRate(-1); err == nil || !strings.Contains(err.Error(), "learning rate -1") {
		t.Errorf("a rate of -1: %v", err)
	}
}

func TestCancel(t *testing.T) {
	set, path := stripes(64, 1), filepath.Join(t.TempDir(), "m.ckpt")
	m := newTestModel(t, quick())
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	_, err := m.Train(ctx, set, func(b Batch) error {
		if steps++; steps == 2 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || steps != 2 {
		t.Errorf("cancelled in batch 2: %v after %d batches", err, steps)
	}
	if _, err := m.Train(t.Context(), set, nil); err == nil || !strings.Contains(err.Error(), "load the last checkpoint") {
		t.Errorf("training on after an interruption: %v, want a refusal", err)
	}
	if err := m.Save(path); err == nil {
		t.Error("a half-trained epoch was saved")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a refused save left a file")
	}
	if _, err := m.Evaluate(ctx, set); !errors.Is(err, context.Canceled) {
		t.Errorf("evaluating when cancelled: %v", err)
	}
}

func TestCallbackEndsTheEpoch(t *testing.T) {
	m, want := newTestModel(t, quick()), errors.New("disk full")
	_, err := m.Train(t.Context(), stripes(64, 1), func(Batch) error { return want })
	if !errors.Is(err, want) || m.Step() != 1 {
		t.Errorf("Train = %v after %d steps, want the callback's error after 1", err, m.Step())
	}
}

func TestDiverging(t *testing.T) {
	m := newTestModel(t, quick())
	m.parameters[fc2B].weights()[0] = float32(math.NaN())
	_, err := m.Train(t.Context(), stripes(32, 1), nil)
	if err == nil || !strings.Contains(err.Error(), "the loss is NaN after 0 steps: try a learning rate below 0.003") {
		t.Errorf("diverging: %v", err)
	}
}

func TestBadSettings(t *testing.T) {
	for name, s := range map[string]Settings{
		"no rate":       {Batch: 1},
		"negative rate": {LearningRate: -1, Batch: 1},
		"NaN rate":      {LearningRate: math.NaN(), Batch: 1},
		"rate above 1":  {LearningRate: 1.5, Batch: 1},
		"no batch":      {LearningRate: 1},
		"huge batch":    {LearningRate: 1, Batch: 1 << 20},
	} {
		if _, err := New(s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestBadSets(t *testing.T) {
	m := newTestModel(t, quick())
	for name, s := range map[string]*Set{
		"empty":      {},
		"short":      {Images: make([]byte, Pixels-1), Labels: []uint8{1}},
		"no digit":   {Images: make([]byte, Pixels), Labels: []uint8{10}},
		"no labels":  {Images: make([]byte, Pixels)},
		"two labels": {Images: make([]byte, Pixels), Labels: []uint8{1, 2}},
	} {
		if _, err := m.Train(t.Context(), s, nil); err == nil {
			t.Errorf("%s: trained", name)
		}
		if _, err := m.Evaluate(t.Context(), s); err == nil {
			t.Errorf("%s: evaluated", name)
		}
	}
}

func encoded(t *testing.T, m *Model) []byte {
	t.Helper()
	b, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
