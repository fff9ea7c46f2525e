package train

import (
	"math"
	"slices"
	"testing"
)

func TestInitialise(t *testing.T) {
	m := newTestModel(t, Defaults())
	for _, p := range m.parameters {
		w := make([]float32, p.size())
		p.collect(w, p.weights())
		bound := 1 / math.Sqrt(float64(p.fanIn))
		var mean, square float64
		for _, v := range w {
			if math.Abs(float64(v)) > bound {
				t.Fatalf("%s: %g is beyond ±%g", p.name, v, bound)
			}
			mean += float64(v) / float64(len(w))
			square += float64(v) * float64(v) / float64(len(w))
		}
		// A uniform distribution's standard deviation is bound/√3; allow five standard errors.
		sd := bound / math.Sqrt(3)
		if math.Abs(mean) > 5*sd/math.Sqrt(float64(len(w))) {
			t.Errorf("%s: mean %g, want 0", p.name, mean)
		}
		if got := math.Sqrt(square); math.Abs(got-sd) > 5*sd/math.Sqrt(float64(len(w))) {
			t.Errorf("%s: standard deviation %g, want %g", p.name, got, sd)
		}
	}
}

func TestPlace(t *testing.T) {
	for name, o := range map[string]operations{"fused": fused, "stock": stock} {
		for i, s := range specs {
			p := newParameter(i, o)
			v := make([]float32, s.size())
			for k := range v {
				v[k] = float32(k)
			}
			placed, back := make([]float32, len(v)), make([]float32, len(v))
			p.place(placed, v)
			p.collect(back, placed)
			if !slices.Equal(v, back) {
				t.Errorf("%s, %s: collect is not the inverse of place", name, s.name)
			}
			if i == fc2W && placed[1] != EmbeddingDim {
				t.Errorf("%s, fc2: second placed weight is %g, want output 1's for input 0, %d", name, placed[1], EmbeddingDim)
			}
			if i == fc1W && name == "fused" && placed[EmbeddingDim] != 49 {
				t.Errorf("fc1: the second input placed is PyTorch's %g, want channel 1's first, 49", placed[EmbeddingDim])
			}
		}
	}
}

func TestShuffle(t *testing.T) {
	const n = 1000
	draw := func(seed uint64, epoch int) []int32 {
		order := make([]int32, n)
		for i := range order {
			order[i] = -1 // what was there does not matter
		}
		shuffle(order, seed, epoch)
		return order
	}
	a := draw(1, 1)
	sorted := slices.Sorted(slices.Values(a))
	for i, v := range sorted {
		if int(v) != i {
			t.Fatalf("not a permutation: %d at %d of the sorted order", v, i)
		}
	}
	if !slices.Equal(a, draw(1, 1)) {
		t.Error("the same seed and epoch give another order")
	}
	if slices.Equal(a, draw(1, 2)) || slices.Equal(a, draw(2, 1)) {
		t.Error("another epoch or seed gives the same order")
	}
	// Where image 0 lands must be spread evenly: mean (n-1)/2 within five standard errors.
	var mean float64
	const draws = 400
	for e := range draws {
		mean += float64(slices.Index(draw(3, e), 0)) / draws
	}
	if want := (n - 1) / 2.0; math.Abs(mean-want) > 5*n/math.Sqrt(12*draws) {
		t.Errorf("image 0 lands at %g on average, want %g", mean, want)
	}
}
