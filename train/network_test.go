package train

import (
	"fmt"
	"math"
	"testing"
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
	m := newTestModel(t, Defaults())
	set := stripes(rows, 2)
	g, err := newGraph(m.operations, m.parameters, rows, true)
	if err != nil {
		t.Fatal(err)
	}
	g.fill(set, []int32{0, 1})
	if err := g.run(); err != nil {
		t.Fatal(err)
	}
	r := newReference(m)
	if got, want := float64(g.loss.Data().(float32)), r.loss(set); math.Abs(got-want) > 1e-6*want {
		t.Errorf("loss is %g, want %g", got, want)
	}
	for i, p := range m.parameters {
		v, err := g.learn[i].Grad()
		if err != nil {
			t.Fatal(err)
		}
		grad := make([]float32, p.size())
		p.collect(grad, v.Data().([]float32))
		for range 3 {
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
	g, err := newGraph(m.operations, m.parameters, 4, true)
	if err != nil {
		t.Fatal(err)
	}
	g.fill(set, []int32{0, 1, 2, 3})
	var first []float32
	for range 3 {
		if err := g.run(); err != nil {
			t.Fatal(err)
		}
		v, err := g.learn[fc1W].Grad()
		if err != nil {
			t.Fatal(err)
		}
		d := v.Data().([]float32)
		if first == nil {
			first = append(first, d...)
		}
		for i := range d {
			if d[i] != first[i] {
				t.Fatalf("gradient[%d] = %g, was %g in the first run", i, d[i], first[i])
			}
		}
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
