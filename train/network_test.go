package train

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

func TestForwardIsTheDesign(t *testing.T) {
	m := newTestModel(t, Defaults())
	set := stripes(130, 1) // more than the forward pass takes at once
	got, err := m.Evaluate(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	r := newReference(m)
	for _, i := range []int{0, 1, 127, 128, 129} {
		embedding, logits := r.forward(set.Image(i))
		near(t, fmt.Sprintf("embedding of image %d", i), got.Embeddings[i*EmbeddingDim:(i+1)*EmbeddingDim], embedding, 1e-5)
		best, sum := 0, 0.0
		for c, v := range logits {
			if v > logits[best] {
				best = c
			}
			sum += math.Exp(v)
		}
		if got.Predictions[i] != best {
			t.Errorf("prediction of image %d is %d, want %d", i, got.Predictions[i], best)
		}
		if want := math.Exp(logits[best]) / sum; math.Abs(got.Confidences[i]-want) > 1e-5 {
			t.Errorf("confidence of image %d is %g, want %g", i, got.Confidences[i], want)
		}
		if want := math.Log(sum) - logits[set.Labels[i]]; math.Abs(got.Losses[i]-want) > 1e-5 {
			t.Errorf("loss of image %d is %g, want %g", i, got.Losses[i], want)
		}
	}
	var loss, right float64
	for i := range set.Len() {
		loss += got.Losses[i]
		if got.Predictions[i] == int(set.Labels[i]) {
			right++
		}
	}
	if math.Abs(got.Loss-loss/130) > 1e-9 || got.Accuracy != right/130 {
		t.Errorf("loss %g, accuracy %g, want %g, %g", got.Loss, got.Accuracy, loss/130, right/130)
	}
}

// Central differences of the reference, in float64, at the largest gradients of each parameter.
func TestGradients(t *testing.T) {
	const rows, step = 2, 1e-5
	entries := 2
	if raceEnabled { // which slows the reference down
		entries = 1
	}
	m := newTestModel(t, Defaults())
	set := stripes(rows, 2)
	g := learned(t, m, set)
	r := newReference(m)
	if got, want := g.meanLoss(), r.loss(set); math.Abs(got-want) > 1e-6*want {
		t.Errorf("loss is %g, want %g", got, want)
	}
	for i, p := range m.parameters {
		grad := make([]float32, p.size())
		p.collect(grad, g.gradient(t, i))
		for range entries {
			k := 0
			for j := range grad {
				if math.Abs(float64(grad[j])) > math.Abs(float64(grad[k])) {
					k = j
				}
			}
			w := r[i][k]
			r[i][k] = w + step
			up := r.loss(set)
			r[i][k] = w - step
			want := (up - r.loss(set)) / (2 * step)
			r[i][k] = w
			if got := float64(grad[k]); math.Abs(got-want) > 1e-4*math.Abs(want) {
				t.Errorf("gradient of %s[%d] is %g, want %g", p.name, k, got, want)
			}
			grad[k] = 0
		}
	}
}

// A second run of a graph must not add to the gradients of the first.
func TestGradientsAreFresh(t *testing.T) {
	m := newTestModel(t, Defaults())
	set := stripes(4, 3)
	g, b := learned(t, m, set), wholeBatch(m, set)
	first := slices.Clone(g.gradient(t, fc1W))
	for range 2 {
		if err := g.run(b); err != nil {
			t.Fatal(err)
		}
		if d := g.gradient(t, fc1W); !slices.Equal(d, first) {
			t.Fatalf("the gradient begins with %v, with %v in the first run", d[:3], first[:3])
		}
	}
}

// The same weights and images give the gradients of Gorgonia's operations, with any number of images.
func TestGradientsAreStocks(t *testing.T) {
	m, err := NewStock(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ours := newTestModel(t, Defaults())
	sizes := []int{1, 7, 96, 128}
	if testing.Short() || raceEnabled { // which is tenfold slower with stock operations
		sizes = sizes[:2]
	}
	for _, rows := range sizes {
		// A seed with which, in none of 1.2 million pooling windows, two values are so near that
		// rounding decides which of them gets the gradient.
		set := stripes(rows, 2)
		want, got := learned(t, m, set), learned(t, ours, set)
		if a, b := got.meanLoss(), want.meanLoss(); math.Abs(a-b) > 1e-6*b {
			t.Errorf("%d images: loss %g, want %g", rows, a, b)
		}
		for i, p := range m.parameters {
			a, b := make([]float32, p.size()), make([]float32, p.size())
			ours.parameters[i].collect(a, got.gradient(t, i))
			p.collect(b, want.gradient(t, i))
			if d := distance(a, b); d > 1e-5 {
				t.Errorf("%d images: gradient of %s differs by %.2g of its size, want at most 1e-5", rows, p.name, d)
			} else {
				t.Logf("%d images: gradient of %s: %.1g", rows, p.name, d)
			}
		}
	}
}

// distance is the largest difference, relative to the largest of b.
func distance(a, b []float32) float64 {
	var d, size float64
	for i, v := range b {
		d, size = max(d, math.Abs(float64(a[i])-float64(v))), max(size, math.Abs(float64(v)))
	}
	return d / size
}

// learned returns a graph of m that has learned from the whole set at once.
func learned(t *testing.T, m *Model, set *Set) *graph {
	t.Helper()
	g, err := newGraph(m.operations, m.parameters, set.Len(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.vm.Close() })
	if err := g.run(wholeBatch(m, set)); err != nil {
		t.Fatal(err)
	}
	return g
}

// gradient returns the gradient of parameter i, in the graph's own memory.
func (t *graph) gradient(tb testing.TB, i int) []float32 {
	tb.Helper()
	v, err := t.learn[i].Grad()
	if err != nil {
		tb.Fatal(err)
	}
	return v.(*tensor.Dense).Float32s()
}

func wholeBatch(m *Model, set *Set) *batch {
	b := newBatch(set.Len(), m.operations.oneHot)
	b.fill(set, sequence(set.Len()))
	return b
}

// sequence is 0…n-1.
func sequence(n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

func TestFLOPs(t *testing.T) {
	conv1, conv2, fc1, fc2 := 2*9*32*784, 2*9*32*64*196, 2*3136*128, 2*128*10
	if got, want := FLOPs(2), float64(2*(2*conv1+3*(conv2+fc1+fc2))); got != want {
		t.Errorf("FLOPs(2) = %g, want %g", got, want)
	}
}

func newTestModel(t *testing.T, s Settings) *Model {
	t.Helper()
	m, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func near(t *testing.T, what string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	var scale float64
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for i, v := range want {
		if math.Abs(float64(got[i])-v) > tolerance*scale {
			t.Errorf("%s: [%d] = %g, want %g", what, i, got[i], v)
			return
		}
	}
}
