package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func compute(t *testing.T, runs [][]Frame, o Options) *Report {
	t.Helper()
	r, err := Compute(t.Context(), runs, o)
	if err != nil {
		t.Fatal(err)
	}
	noNaN(t, reflect.ValueOf(r))
	return r
}

// noNaN fails when any number of a report is not finite.
func noNaN(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			noNaN(t, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			noNaN(t, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			noNaN(t, v.Index(i))
		}
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			t.Errorf("a measure is %v", f)
		}
	}
}

func near(t *testing.T, name string, got *float64, want float64) {
	t.Helper()
	if got == nil || math.Abs(*got-want) > 1e-4 {
		s := "nil"
		if got != nil {
			s = fmt.Sprint(*got)
		}
		t.Errorf("%s = %s, want %v", name, s, want)
	}
}

func TestAgreesWithDefinitions(t *testing.T) {
	for _, dim := range []int{3, 5, 12} {
		frames := training(3, 40, dim, 3, uint64(dim))
		r := compute(t, [][]Frame{frames}, Options{})
		var x, y []float32
		var trust, gap float64
		var sil, silx []float64
		for e, f := range frames {
			x, y = append(x, f.X...), append(y, f.Y...)
			got, label := r.Frames[0][e], f.Classes
			name := fmt.Sprintf("dim %d epoch %d ", dim, e)
			tr := slowTrust(f.X, dim, f.Y, 2, 15)
			near(t, name+"trustworthiness", got.Trustworthiness, tr)
			near(t, name+"continuity", got.Continuity, slowTrust(f.Y, 2, f.X, dim, 15))
			s, sx := slowSilhouette(f.Y, 2, label), slowSilhouette(f.X, dim, label)
			near(t, name+"map silhouette", got.Map.Silhouette, s)
			near(t, name+"original silhouette", got.Original.Silhouette, sx)
			p, px := slowPurity(f.Y, 2, label, 15), slowPurity(f.X, dim, label, 15)
			near(t, name+"map purity", got.Map.Purity, p)
			near(t, name+"original purity", got.Original.Purity, px)
			trust += tr / 3
			gap += (p - px) / 3
			sil, silx = append(sil, s), append(silx, sx)
			if e > 0 {
				b := frames[e-1]
				near(t, name+"CKA", r.Steps[0][e-1].Original.CKA, slowCKA(b.X, dim, f.X, dim))
				near(t, name+"map CKA", r.Steps[0][e-1].Map.CKA, slowCKA(b.Y, 2, f.Y, 2))
				var churn float64
				for i := range f.Samples {
					before := slowOrder(b.X, dim, i)[:15]
					for _, j := range slowOrder(f.X, dim, i)[:15] {
						if !slices.Contains(before, j) {
							churn += 1. / 15 / 40
						}
					}
				}
				near(t, name+"churn", r.Steps[0][e-1].Original.Churn, churn)
			}
		}
		near(t, "trust_epoch", r.TrustEpoch, trust)
		near(t, "purity_gap", r.PurityGap, gap)
		near(t, "sil_first", r.SilFirst, sil[0])
		near(t, "silx_last", r.SilXLast, silx[2])
		corr, _ := Spearman(sil, silx)
		near(t, "sil_corr", r.SilCorr, corr)
		near(t, "knn15", r.KNN15, slowRecall(x, dim, y, 2, 15, 15))
		near(t, "knn50", r.KNN50, slowRecall(x, dim, y, 2, 15, 50))
	}
}

func TestMotion(t *testing.T) {
	// Four samples on a line that step 1, 2, 3 and 4 up in the original space and 1, 2, 4 and 3 on the map.
	at := func(step ...float32) (m []float32) {
		for i, s := range step {
			m = append(m, float32(i), s)
		}
		return m
	}
	samples := []int{1, 2, 3, 4}
	frames := []Frame{
		{X: at(0, 0, 0, 0), Dim: 2, Y: at(0, 0, 0, 0), Dims: 2, Samples: samples},
		{X: at(1, 2, 3, 4), Dim: 2, Y: at(1, 2, 4, 3), Dims: 2, Samples: samples},
	}
	r := compute(t, [][]Frame{frames}, Options{})
	near(t, "motion", r.Motion, 0.8)
	// The mean is (1.5, 1.25), so the mean square is 1.25 + (30/8 − 1.25²) = 3.4375.
	near(t, "displacement", r.Displacement, 2.5/math.Sqrt(3.4375))
	near(t, "jump", r.Jump, 2.5/math.Sqrt(3.4375))
}

func TestSpearmanTies(t *testing.T) {
	got, ok := Spearman([]float64{1, 2, 2, 3}, []float64{1, 3, 2, 4})
	if want := 3 / math.Sqrt(10); !ok || math.Abs(got-want) > 1e-12 {
		t.Errorf("Spearman = %v %v, want %v", got, ok, want)
	}
	if _, ok := Spearman([]float64{1, 1}, []float64{1, 2}); ok {
		t.Error("Spearman of a constant is defined")
	}
}

func TestMissingSamples(t *testing.T) {
	frames := training(3, 80, 6, 2, 7)
	// Epoch 1 lacks some samples and has the rest in another order: the same picture of those it has.
	var keep []int
	for i := 79; i >= 0; i-- {
		if i%5 != 0 {
			keep = append(keep, i)
		}
	}
	class := frames[1].Classes
	short := frames[1].pick(keep)
	for _, i := range keep {
		short.Classes = append(short.Classes, class[i])
	}
	whole := frames[1]
	frames[1] = short
	r := compute(t, [][]Frame{frames}, Options{})
	near(t, "silhouette", r.Frames[0][1].Original.Silhouette, slowSilhouette(short.X, 6, short.Classes))
	slices.Sort(keep)
	a, b := frames[0].pick(keep), whole.pick(keep)
	near(t, "CKA over common samples", r.Steps[0][0].Original.CKA, slowCKA(a.X, 6, b.X, 6))
	want := compute(t, [][]Frame{{a, b}}, Options{})
	near(t, "churn over common samples", r.Steps[0][0].Map.Churn, *want.Steps[0][0].Map.Churn)
	if r := compute(t, [][]Frame{{frames[0].pick(keep[:30]), frames[2].pick(keep[30:])}}, Options{}); r.Steps[0][0].Original.Churn != nil || r.Motion != nil {
		t.Error("epochs without a common sample have a churn or a motion")
	}
}

func TestUnlabelledRowsAreLeftOut(t *testing.T) {
	f := training(1, 60, 6, 3, 3)[0]
	var keep []int
	for i := range f.Classes {
		if i%4 == 0 {
			f.Classes[i] = -1
		} else {
			keep = append(keep, i)
		}
	}
	g := f.pick(keep)
	for _, i := range keep {
		g.Classes = append(g.Classes, f.Classes[i])
	}
	got, want := compute(t, [][]Frame{{f}}, Options{}), compute(t, [][]Frame{{g}}, Options{})
	near(t, "silhouette", got.SilFirst, *want.SilFirst)
	near(t, "silhouette", got.SilXFirst, *want.SilXFirst)
	near(t, "purity", got.Frames[0][0].Original.Purity, *want.Frames[0][0].Original.Purity)
	near(t, "separation", got.Frames[0][0].Map.Separation, *want.Frames[0][0].Map.Separation)
}

func TestUndefinedIsNull(t *testing.T) {
	one := training(2, 40, 6, 1, 1)
	none := training(2, 40, 6, 2, 1)
	none[0].Classes, none[1].Classes = nil, nil
	for name, frames := range map[string][]Frame{"one class": one, "no labels": none} {
		r := compute(t, [][]Frame{frames}, Options{})
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"sil_first", "sil_last", "silx_first", "silx_last", "sil_corr", "purity_gap"} {
			if !strings.Contains(string(b), `"`+key+`":null`) {
				t.Errorf("%s: %s is not null in %s", name, key, b)
			}
		}
		if (r.Frames[0][0].Map != Labels{}) || r.TrustEpoch == nil || r.KNN15 == nil {
			t.Errorf("%s: %+v", name, r.Frames[0][0])
		}
	}
}

// TestAnyData looks for panics and NaN in data without a structure to measure.
func TestAnyData(t *testing.T) {
	constant := func(n, dim int, v float32) Frame {
		f := Frame{Dim: dim, Dims: 2, X: make([]float32, n*dim), Y: make([]float32, n*2)}
		for i := range n {
			f.Samples, f.Classes = append(f.Samples, i), append(f.Classes, i%2)
			f.X[i*dim] = v
		}
		return f
	}
	scaled := func(s float32) Frame {
		f := training(1, 50, 6, 2, 9)[0]
		for i := range f.X {
			f.X[i] *= s
		}
		return f
	}
	for name, f := range map[string]Frame{
		"no rows": constant(0, 3, 0), "one row": constant(1, 3, 0), "two rows": constant(2, 3, 0), "three rows": constant(3, 9, 1),
		"duplicates": constant(100, 9, 5), "1e30": scaled(1e30), "1e-30": scaled(1e-30),
	} {
		t.Run(name, func(t *testing.T) {
			r := compute(t, [][]Frame{{f, f}, {f}}, Options{})
			if strings.HasPrefix(name, "1e") {
				want := compute(t, [][]Frame{{scaled(1)}}, Options{})
				near(t, "silhouette", r.SilXFirst, *want.SilXFirst)
				near(t, "trust_epoch", r.TrustEpoch, *want.TrustEpoch)
			}
		})
	}
	compute(t, nil, Options{})
	compute(t, [][]Frame{{}, {}}, Options{})
}

// TestFarBlobs is where |a|² + |b|² − 2ab loses a blob's inside to rounding.
func TestFarBlobs(t *testing.T) {
	f := training(1, 60, 8, 2, 4)[0]
	for i := range 30 {
		f.X[i*8] += 1e5
	}
	r := compute(t, [][]Frame{{f}}, Options{})
	near(t, "trustworthiness", r.TrustEpoch, slowTrust(f.X, 8, f.Y, 2, 15))
	near(t, "knn15", r.KNN15, slowRecall(f.X, 8, f.Y, 2, 15, 15))
}

func TestWorkersAgree(t *testing.T) {
	runs := [][]Frame{training(3, 150, 20, 4, 1), training(2, 70, 20, 3, 2)}
	want := compute(t, runs, Options{Workers: 1})
	for _, w := range []int{2, 3, 8} {
		if got := compute(t, runs, Options{Workers: w}); !reflect.DeepEqual(got, want) {
			t.Errorf("%d workers: %+v, want %+v", w, got, want)
		}
	}
}

func TestSampledRowsEstimate(t *testing.T) {
	frames := training(3, 600, 10, 4, 5)
	exact, sampled := compute(t, [][]Frame{frames}, Options{}), compute(t, [][]Frame{frames}, Options{Rows: 200})
	if d := math.Abs(*exact.TrustEpoch - *sampled.TrustEpoch); d == 0 || d > 0.02 {
		t.Errorf("trust_epoch differs by %v", d)
	}
	if d := math.Abs(*exact.SilLast - *sampled.SilLast); d == 0 || d > 0.05 {
		t.Errorf("sil_last differs by %v", d)
	}
}

func TestRefusals(t *testing.T) {
	good := training(1, 20, 4, 2, 1)[0]
	for name, change := range map[string]func(*Frame){
		"2 samples":   func(f *Frame) { f.Samples = f.Samples[:2] },
		"classes":     func(f *Frame) { f.Classes = f.Classes[:2] },
		"NaN or Inf":  func(f *Frame) { f.X = slices.Clone(f.X); f.X[3] = float32(math.NaN()) },
		"0 and 2 dim": func(f *Frame) { f.Dim = 0 },
	} {
		f := good
		change(&f)
		if _, err := Compute(t.Context(), [][]Frame{{f}}, Options{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want it to name %q", err, name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Compute(ctx, [][]Frame{{good}}, Options{}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

func ExampleCompute() {
	// Two epochs of 40 samples in two classes; the map shows the first two of three columns.
	r := rand.New(rand.NewPCG(1, 1))
	epochs := make([]Frame, 2)
	for e := range epochs {
		f := Frame{Dim: 3, Dims: 2}
		for i := range 40 {
			class := i % 2
			x, y := float32(r.NormFloat64()+6*float64(class*e)), float32(r.NormFloat64())
			f.X = append(f.X, x, y, 0)
			f.Y = append(f.Y, x, y)
			f.Samples, f.Classes = append(f.Samples, i), append(f.Classes, class)
		}
		epochs[e] = f
	}
	report, err := Compute(context.Background(), [][]Frame{epochs}, Options{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("trustworthiness %.2f, silhouette %.1f, then %.1f\n", *report.TrustEpoch, *report.SilFirst, *report.SilLast)
	// Output: trustworthiness 1.00, silhouette 0.0, then 0.8
}

// TestFarRows is where one centre, and float32 after it, leave nothing of the near rows: two far ones, and an epoch in which
// training diverged.
func TestFarRows(t *testing.T) {
	for name, far := range map[string]func(epoch, row int) float32{
		"two rows":  func(_, row int) float32 { return []float32{1, 1e12}[b2i(row < 2)] },
		"one epoch": func(epoch, _ int) float32 { return []float32{1, 1e8}[b2i(epoch == 1)] },
	} {
		for _, dim := range []int{3, 12} {
			frames := training(3, 60, dim, 3, uint64(dim))
			var x, y []float32
			for e, f := range frames {
				for i := range f.X {
					f.X[i] *= far(e, i/dim)
				}
				x, y = append(x, f.X...), append(y, f.Y...)
			}
			r := compute(t, [][]Frame{frames}, Options{})
			for e, f := range frames {
				at := fmt.Sprintf("%s, dim %d, epoch %d: ", name, dim, e)
				near(t, at+"trustworthiness", r.Frames[0][e].Trustworthiness, slowTrust(f.X, dim, f.Y, 2, 15))
				near(t, at+"continuity", r.Frames[0][e].Continuity, slowTrust(f.Y, 2, f.X, dim, 15))
				near(t, at+"purity", r.Frames[0][e].Original.Purity, slowPurity(f.X, dim, f.Classes, 15))
				near(t, at+"silhouette", r.Frames[0][e].Original.Silhouette, slowSilhouette(f.X, dim, f.Classes))
			}
			near(t, fmt.Sprintf("%s, dim %d: knn15", name, dim), r.KNN15, slowRecall(x, dim, y, 2, 15, 15))
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestJoined: rows are joined the same whether they lie in one array or not.
func TestJoined(t *testing.T) {
	all := []float32{1, 2, 3, 4, 5, 6, 7}
	x := func(f Frame) []float32 { return f.X }
	for name, c := range map[string]struct {
		parts  [][]float32
		copied bool
	}{
		"one array":      {[][]float32{all[:2], all[2:2], all[2:5], all[5:7]}, false},
		"another order":  {[][]float32{all[:2], all[3:5], all[2:3]}, true},
		"several arrays": {[][]float32{slices.Clone(all[:2]), slices.Clone(all[2:4])}, true},
		"empty first":    {[][]float32{nil, all[2:4], all[4:6]}, true},
		"capped":         {[][]float32{all[:2:2], all[2:4]}, true},
		"one":            {[][]float32{all[1:3]}, false},
	} {
		var frames []Frame
		for _, p := range c.parts {
			frames = append(frames, Frame{X: p})
		}
		got, want := joined(frames, x), slices.Concat(c.parts...)
		if !slices.Equal(got, want) || (len(c.parts[0]) == 0 || &got[0] != &c.parts[0][0]) != c.copied {
			t.Errorf("%s: %v, want %v, copied %v", name, got, want, c.copied)
		}
	}
}
