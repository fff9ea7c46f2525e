package paced

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// A walk is a made-up training: samples about the middle that go the same way and each a little of its own.
type walk struct {
	epochs, samples, dim int
	step, own            float64                      // how far all go together from one epoch to the next, and each for itself
	missing              func(epoch, sample int) bool // nil = none
	change               func(x []float32, epoch int) // of the rows of an epoch; nil = none
}

func (w walk) rows() (r Rows) {
	random := rand.New(rand.NewPCG(3, 4))
	normal := func(scale float64) []float64 {
		v := make([]float64, w.dim)
		for j := range v {
			v[j] = scale * random.NormFloat64() / math.Sqrt(float64(w.dim))
		}
		return v
	}
	places := make([][]float64, w.samples)
	for i := range places {
		places[i] = normal(1)
	}
	r.Dim = w.dim
	heading := normal(1)
	for t := range w.epochs {
		first := len(r.X)
		turn := normal(0.5)
		for j := range heading {
			heading[j] += turn[j]
		}
		for i, p := range places {
			own := normal(w.own * (1 + float64(i%3)))
			for j := range p {
				if t > 0 {
					p[j] += w.step*(1+float64(t%2))*heading[j] + own[j]
				}
			}
			if w.missing != nil && w.missing(t, i) {
				continue
			}
			for _, v := range p {
				r.X = append(r.X, float32(v))
			}
			r.Epoch, r.Sample = append(r.Epoch, int32(t)), append(r.Sample, int32(i))
		}
		if w.change != nil {
			w.change(r.X[first:], t)
		}
	}
	return r
}

func film(t *testing.T, r Rows, o Options) *Film {
	t.Helper()
	f, err := New(t.Context(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func options() Options {
	return Options{Dims: 2, Metric: "euclidean", Travel: 0.5, Seed: 42, Workers: 1}
}

// start puts every row where its first columns have it, turned to and fro, so that there is something to mend.
func start(r Rows, dims int) []float32 {
	y := make([]float32, 0, len(r.Epoch)*dims)
	for i, t := range r.Epoch {
		x := slices.Clone(r.X[i*r.Dim:][:dims])
		sin, cos := math.Sincos(0.3 * math.Sin(2*float64(t)))
		x[0], x[1] = float32(cos)*x[0]-float32(sin)*x[1], float32(sin)*x[0]+float32(cos)*x[1]
		y = append(y, x...)
	}
	return y
}

// run lets a film pass without a layout, which keeps its pictures: only time is kept.
func run(t *testing.T, f *Film, y []float32, passes int) {
	t.Helper()
	if err := f.Begin(t.Context(), y, 6); err != nil {
		t.Fatal(err)
	}
	for k := range passes {
		if err := f.Pass(t.Context(), y, 1-float64(k)/float64(passes)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.End(t.Context(), y); err != nil {
		t.Fatal(err)
	}
}

// steps returns how far each sample goes between consecutive appearances, on the map and in the layer, transition by transition.
func steps(f *Film, y []float32) (laid, layer [][]float64) {
	laid, layer = make([][]float64, len(f.frames)), make([][]float64, len(f.frames))
	dims := f.o.Dims
	a, b := make([]float64, f.dim), make([]float64, f.dim)
	for _, rows := range f.tracks {
		for k := 1; k < len(rows); k++ {
			i, j, t := int(rows[k-1]), int(rows[k]), f.epoch[rows[k-1]]
			square := 0.0
			for d := range dims {
				square += math.Pow(float64(y[i*dims+d]-y[j*dims+d]), 2)
			}
			f.wide(a, rows[k-1])
			f.wide(b, rows[k])
			laid[t], layer[t] = append(laid[t], math.Sqrt(square)), append(layer[t], f.length(a, b))
		}
	}
	return laid, layer
}

func mean(v []float64) (m float64) {
	for _, x := range v {
		m += x / float64(len(v))
	}
	return m
}

// pace returns the largest and the smallest share of the movement of a transition on the map over its share in the layer.
func pace(f *Film, y []float32) (most, least float64) {
	laid, layer := steps(f, y)
	all := mean(slices.Concat(laid...)) / mean(slices.Concat(layer...))
	most, least = 0, math.Inf(1)
	for t := range laid {
		if len(laid[t]) > 0 {
			q := mean(laid[t]) / mean(layer[t]) / all
			most, least = max(most, q), min(least, q)
		}
	}
	return most, least
}

func TestPace(t *testing.T) {
	some := func(epoch, sample int) bool { return (epoch*7+sample)%5 == 0 }
	second := func(epoch, sample int) bool { return sample >= 40 && epoch > 5 }
	gap := func(epoch, sample int) bool { return sample%2 == epoch%2 } // consecutive epochs share no sample
	for name, c := range map[string]struct {
		walk walk
		dims int
		tell func(*Options)
	}{
		"a walk":            {walk: walk{epochs: 12, samples: 60, dim: 8, step: 0.1, own: 0.05}},
		"three dimensions":  {walk: walk{epochs: 12, samples: 60, dim: 8, step: 0.1, own: 0.05}, dims: 3},
		"two epochs":        {walk: walk{epochs: 2, samples: 60, dim: 8, step: 0.1, own: 0.05}},
		"samples missing":   {walk: walk{epochs: 12, samples: 60, dim: 8, step: 0.1, own: 0.05, missing: some}},
		"a run ends":        {walk: walk{epochs: 12, samples: 60, dim: 8, step: 0.1, own: 0.05, missing: second}},
		"no sample in both": {walk: walk{epochs: 12, samples: 60, dim: 8, step: 0.1, own: 0.02, missing: gap}},
		"150 epochs":        {walk: walk{epochs: 150, samples: 20, dim: 8, step: 0.02, own: 0.01}},
		"by cosine":         {walk: walk{epochs: 12, samples: 60, dim: 8, step: 0.1, own: 0.05}, tell: func(o *Options) { o.Metric = "cosine" }},
		"by manhattan":      {walk: walk{epochs: 12, samples: 60, dim: 8, step: 0.1, own: 0.05}, tell: func(o *Options) { o.Metric = "manhattan" }},
	} {
		t.Run(name, func(t *testing.T) {
			r, o := c.walk.rows(), options()
			o.Dims = max(2, c.dims)
			if c.tell != nil {
				c.tell(&o)
			}
			f := film(t, r, o)
			y := start(r, o.Dims)
			run(t, f, y, 200)
			if most, least := pace(f, y); most > 1.08 || least < 0.92 {
				t.Errorf("a transition has %.3f to %.3f of its share", least, most)
			}
			if most, least := pace(f, start(r, o.Dims)); c.walk.epochs > 2 && most < 1.1 && least > 0.9 {
				t.Errorf("the start has its pace already, %.3f to %.3f: this test can prove nothing", least, most)
			}
		})
	}
}

// toPictures is y with each epoch about the middle.
func toPictures(f *Film, y []float32) []float32 {
	z := slices.Clone(y)
	f.fold(z, 0)
	return z
}

// TestScale: samples travel as far as asked, in radii.
func TestScale(t *testing.T) {
	r := walk{epochs: 10, samples: 80, dim: 6, step: 0.1, own: 0.02}.rows()
	for _, travel := range []float64{0.25, 1} {
		o := options()
		o.Travel = travel
		f := film(t, r, o)
		y := start(r, 2)
		run(t, f, y, 200)
		laid, layer := steps(f, y)
		z := toPictures(f, y)
		got := mean(slices.Concat(laid...)) / mean(slices.Concat(layer...)) * f.pairs.length / f.pairs.on(z, 2)
		if math.Abs(got/travel-1) > 0.05 {
			t.Errorf("travel %v is %.3f", travel, got)
		}
	}
}

func TestWorkers(t *testing.T) {
	r := walk{epochs: 9, samples: 700, dim: 5, step: 0.1, own: 0.05, missing: func(e, s int) bool { return (e+s)%7 == 0 }}.rows()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []float32
	for _, procs := range []int{1, 2} {
		runtime.GOMAXPROCS(procs)
		for _, workers := range []int{1, 2, 3, 8} {
			o := options()
			o.Workers = workers
			y := start(r, 2)
			run(t, film(t, r, o), y, 10)
			if first == nil {
				first = y
			}
			if !slices.Equal(y, first) {
				t.Errorf("%d workers on %d processors differ from one", workers, procs)
			}
		}
	}
}

func TestPassAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := walk{epochs: 4, samples: 700, dim: 5, step: 0.1, own: 0.05}.rows()
	f := film(t, r, options())
	y := start(r, 2)
	if err := f.Begin(t.Context(), y, 6); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if n := testing.AllocsPerRun(10, func() { f.Pass(ctx, y, 0.5) }); n > 0 {
		t.Errorf("a pass makes %v allocations", n)
	}
}

// TestStill: a layer that does not move does not move on the map, and one epoch is left alone.
func TestStill(t *testing.T) {
	r := walk{epochs: 5, samples: 50, dim: 6}.rows()
	y := make([]float32, 0, 500)
	for i := range r.Epoch {
		y = append(y, r.X[i*6:][:2]...)
	}
	f := film(t, r, options())
	run(t, f, y, 20)
	if laid, _ := steps(f, y); slices.Max(slices.Concat(laid...)) > 1e-5 {
		t.Errorf("a sample moves by %v", slices.Max(slices.Concat(laid...)))
	}
	one := walk{epochs: 1, samples: 50, dim: 6}.rows()
	f = film(t, one, options())
	y = start(one, 2)
	if err := f.Begin(t.Context(), y, 6); err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(y)
	if err := errors.Join(f.Pass(t.Context(), y, 1), f.End(t.Context(), y)); err != nil {
		t.Fatal(err)
	}
	for i := range y {
		if math.Abs(float64(y[i]-before[i])) > 1e-5 {
			t.Fatalf("coordinate %d of the only epoch moves from %v to %v", i, before[i], y[i])
		}
	}
}

// TestExtremes: whatever the layer does, the map is finite and not empty.
func TestExtremes(t *testing.T) {
	at := func(epoch int, f func(x []float32)) func([]float32, int) {
		return func(x []float32, e int) {
			if e == epoch {
				f(x)
			}
		}
	}
	for name, w := range map[string]walk{
		"an epoch diverges": {epochs: 6, samples: 30, dim: 4, step: 0.1, own: 0.1, change: at(3, func(x []float32) {
			for i := range x {
				x[i] *= 1e38
			}
		})},
		"an epoch is one point, far away": {epochs: 6, samples: 30, dim: 4, step: 0.1, own: 0.1, change: at(3, func(x []float32) {
			for i := range x {
				x[i] = 1e30
			}
		})},
		"all epochs are one point": {epochs: 6, samples: 30, dim: 4, change: func(x []float32, e int) {
			for i := range x {
				x[i] = float32(e)
			}
		}},
		"nothing but zeros": {epochs: 6, samples: 30, dim: 4, change: func(x []float32, e int) { clear(x) }},
		"one sample":        {epochs: 6, samples: 1, dim: 4, step: 0.1},
		"a sample at each":  {epochs: 6, samples: 6, dim: 4, step: 0.1, missing: func(e, s int) bool { return e != s }},
		"one row":           {epochs: 1, samples: 1, dim: 4},
	} {
		r := w.rows()
		for _, metric := range space.Metrics {
			o := options()
			o.Metric = metric
			f := film(t, r, o)
			y := start(r, 2)
			for i := range y {
				y[i] = float32(math.Mod(float64(y[i]), 5)) // as a layout starts
			}
			run(t, f, y, 30)
			for i, v := range y {
				if !(math.Abs(float64(v)) < 1e4) {
					t.Fatalf("%s, %s: coordinate %d is %v", name, metric, i, v)
				}
			}
			if laid, _ := steps(f, y); name == "one sample" && metric != "cosine" && metric != "correlation" && mean(laid[0]) < 0.1 {
				t.Errorf("%s, %s: it moves by %v", name, metric, laid)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	good := walk{epochs: 2, samples: 3, dim: 2}.rows()
	for name, change := range map[string]func(*Rows, *Options){
		"dims":            func(_ *Rows, o *Options) { o.Dims = 4 },
		"metric":          func(_ *Rows, o *Options) { o.Metric = "hamming" },
		"travel":          func(_ *Rows, o *Options) { o.Travel = -1 },
		"travel, NaN":     func(_ *Rows, o *Options) { o.Travel = math.NaN() },
		"values":          func(r *Rows, _ *Options) { r.X = r.X[1:] },
		"epochs":          func(r *Rows, _ *Options) { r.Epoch = r.Epoch[1:] },
		"no such epoch":   func(r *Rows, _ *Options) { r.Epoch[5] = 3 },
		"negative sample": func(r *Rows, _ *Options) { r.Sample[0] = -1 },
		"a sample twice":  func(r *Rows, _ *Options) { r.Sample[0] = 1 },
	} {
		r, o := good, options()
		r.Epoch, r.Sample = slices.Clone(r.Epoch), slices.Clone(r.Sample)
		change(&r, &o)
		if _, err := New(t.Context(), r, o); !errors.Is(err, space.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	f := film(t, good, options())
	cancel()
	if err := f.Begin(ctx, start(good, 2), 6); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
